import type { Call, Endpoint } from "../call.ts";
import { type Activity, activityOf, byDay } from "../statistics.ts";

export const statsEndpoints: Endpoint[] = [
  { method: "GET", path: /^\/stats\/outbound$/i, run: overview },
  ...daily("sends", ({ sends }) => ({ Sent: sends })),
  ...daily("bounces", ({ bounces }) => groupBy(bounces, ({ bounceType }) => bounceType)),
  ...daily("spam", ({ complaints }) => ({ SpamComplaint: complaints })),
  ...daily("tracked", ({ sends }) => ({ Tracked: sends.filter(({ tracked }) => tracked) })),
  ...daily("opens", ({ opens }) => ({ Opens: opens, Unique: uniqueOf(opens) })),
  ...daily("opens/platforms", ({ opens }) => groupBy(opens, ({ tracking }) => tracking?.Platform)),
  ...daily("opens/emailclients", ({ opens }) => groupBy(opens, ({ tracking }) => tracking?.Client.Name)),
  ...daily("opens/readtimes", ({ opens }) =>
    groupBy(opens, ({ tracking }) => readTime(tracking?.ReadSeconds)),
  ),
  ...daily("clicks", ({ clicks }) => ({ Clicks: clicks, Unique: uniqueOf(clicks) })),
  ...daily("clicks/browserfamilies", ({ clicks }) =>
    groupBy(clicks, ({ tracking }) => tracking?.Client.Family),
  ),
  ...daily("clicks/platforms", ({ clicks }) => groupBy(clicks, ({ tracking }) => tracking?.Platform)),
  ...daily("clicks/location", ({ clicks }) => groupBy(clicks, ({ tracking }) => tracking?.ClickLocation)),
];

type Parts = ReturnType<typeof activityOf>;

/** A table of days with the sum below it. */
function daily(path: string, series: (parts: Parts) => Record<string, Activity[]>): Endpoint[] {
  return [
    {
      method: "GET",
      path: new RegExp(`^/stats/outbound/${path}$`, "i"),
      run: (call) => byDay(series(activityOf(call))),
    },
  ];
}

function overview(call: Call): object {
  const { sends, bounces, complaints, opens, clicks } = activityOf(call);
  const percent = (count: number) =>
    sends.length === 0 ? 0 : Math.round((count / sends.length) * 100_000) / 1000;
  return {
    Sent: sends.length,
    Bounced: bounces.length,
    SMTPApiErrors: 0,
    BounceRate: percent(bounces.length),
    SpamComplaints: complaints.length,
    SpamComplaintsRate: percent(complaints.length),
    Opens: opens.length,
    UniqueOpens: uniqueOf(opens).length,
    Tracked: sends.filter(({ tracked }) => tracked).length,
    WithOpenTracking: sends.filter(({ opensTracked }) => opensTracked).length,
    WithLinkTracking: sends.filter(({ linksTracked }) => linksTracked).length,
    TotalTrackedLinksSent: 0,
    UniqueLinksClicked: uniqueOf(clicks).length,
    TotalClicks: clicks.length,
    WithClientRecorded: opens.length,
    WithPlatformRecorded: opens.length,
    WithReadTimeRecorded: opens.filter(({ tracking }) => tracking?.ReadSeconds !== undefined).length,
  };
}

function uniqueOf(activities: Activity[]): Activity[] {
  return [
    ...new Map(activities.map((each) => [`${each.messageId} ${each.recipient} ${each.link}`, each])).values(),
  ];
}

function groupBy(
  activities: Activity[],
  nameOf: (each: Activity) => string | undefined,
): Record<string, Activity[]> {
  return Object.groupBy(activities, (each) => nameOf(each) || "Unknown") as Record<string, Activity[]>;
}

function readTime(seconds = 0): string {
  return seconds >= 20 ? "20s+" : `${seconds}s`;
}
