import type { Alert as Kind } from "./api.ts";

const WORDS: Record<Kind, string> = {
  warning: "Careful:",
  paused: "Paused to protect the mail of everybody:",
  alarm: "Too late to stop it, but look at the list before the next letter:",
};

type AlertProps = { alert: Kind | null; reason: string | null };

/** Why a campaign was paused by itself, or is near to it. */
export function Alert({ alert, reason }: AlertProps) {
  return (
    <div role="alert">
      {alert && (
        <p
          className={`callout campaign-alert ${alert === "warning" ? "" : "warning"}`}
          data-testid="campaign-alert"
          data-alert={alert}
        >
          <strong>{WORDS[alert]}</strong> {reason}
        </p>
      )}
    </div>
  );
}
