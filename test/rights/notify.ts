import { type Rights, signedIn } from "../support/rights/noun.ts";

const own = ["student"] as const;

export default {
  rows: {
    announcement:
      "select (notify.make_announcement('News', 'No school', gen_random_uuid(), array[:group]::uuid[])).id",
    notification: `insert into notify.notifications (announcement_id, person_id, category)
      values (:announcement, :student, 'announcement') returning id`,
    digest:
      "insert into notify.digest_times (person_id, hour, weekday) values (:student, 7, 1) returning person_id",
    quiet: `insert into notify.quiet_times (person_id, starts_at, ends_at, days)
      values (:student, '22:00', '07:00', array[1]) returning person_id`,
    preference: `insert into notify.default_preferences (role, category, channel, frequency)
      values ('everybody', 'event', 'mail', 'off') returning role`,
  },
  reads: {
    "notify.announcements": { where: "id = :announcement", by: ["owner", "staff"] },
    "notify.notifications": { where: "id = :notification", by: own },
    "notify.digest_times": { where: "person_id = :student", by: own },
    "notify.quiet_times": { where: "person_id = :student", by: own },
    "notify.default_preferences": { where: "role = 'everybody'", by: signedIn },
  },
  acts: {
    "notify.inbox()": own,
    "notify.mark_notifications_read(array[:notification]::uuid[])": own,
    "notify.make_announcement('News', 'Body', gen_random_uuid(), array[:group]::uuid[])": ["owner", "staff"],
    "notify.make_announcement('News', 'Body', gen_random_uuid(), person_ids => array[:student]::uuid[])": [
      "owner",
      "staff",
    ],
    "notify.make_announcement('News', 'Body', gen_random_uuid(), array[:group]::uuid[], person_ids => array[:loner]::uuid[])":
      ["owner"],
    "notify.make_announcement('News', 'Body', gen_random_uuid(), array[:otherGroup]::uuid[])": [
      "owner",
      "foreigner",
    ],
    "notify.withdraw_announcement(:announcement)": ["owner", "staff"],
    "notify.set_preference('event', 'mail', 'off')": signedIn,
    "notify.set_default_preference('event', 'mail', 'off', 'everybody')": ["owner"],
    "notify.reset_default_preference('event', 'mail', 'everybody')": ["owner"],
  },
  topics: { "person:{student}": { hear: own, speak: [] } },
  closed: [
    "notify.buckets",
    "notify.chunks",
    "notify.deliveries",
    "notify.mirrored_subscriptions",
    "notify.preferences",
  ],
  functions: {
    mutations: [
      "notify.archive_notifications",
      "notify.clear_quiet_hours",
      "notify.make_announcement",
      "notify.mark_notifications_read",
      "notify.mark_notifications_seen",
      "notify.reset_default_preference",
      "notify.reset_preference",
      "notify.set_default_preference",
      "notify.set_digest_time",
      "notify.set_preference",
      "notify.set_quiet_hours",
      "notify.withdraw_announcement",
    ],
    signedIn: [
      "notify.announcements_progress",
      "notify.digest_time",
      "notify.inbox",
      "notify.my_preferences",
      "notify.notifications_about",
      "notify.notifications_body",
      "notify.notifications_path",
      "notify.notifications_title",
      "notify.quiet_hours",
      "notify.unread_notifications",
    ],
  },
} satisfies Rights;
