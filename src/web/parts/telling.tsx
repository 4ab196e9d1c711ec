import { plural } from "./plural.ts";
import { Progress } from "./progress.tsx";

type TellingProps = {
  recipients: number;
  notified: number;
  mailsWaiting: number;
  mailsSent: number;
  skipped: number;
  finishedAt: string | null;
};

/** How far the telling of an audience is: the bar while it runs, its mails afterwards. */
export function Telling({
  recipients,
  notified,
  mailsWaiting,
  mailsSent,
  skipped,
  finishedAt,
}: TellingProps) {
  return (
    <div data-testid="telling" data-finished={finishedAt !== null}>
      <Progress label={finishedAt ? "Told" : "Telling…"} done={notified} total={recipients} after=" people" />
      <p className="soft small">
        {plural(mailsSent, "mail")} sent
        {mailsWaiting > 0 && `, ${mailsWaiting.toLocaleString("en")} waiting for their time`}
        {skipped > 0 && `, ${skipped.toLocaleString("en")} without one`}
      </p>
    </div>
  );
}
