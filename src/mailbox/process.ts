import { AppError, messageOf } from "#errors.ts";
import { onTelemetry } from "#telemetry.ts";
import type { FromMailbox, ToMailbox } from "./child.ts";
import { type Mailbox, startMailbox } from "./mailbox.ts";

// The mailbox as a child: it is told by IPC what to do, and ends when its parent is gone.

let mailbox: Mailbox | undefined;

process.on("SIGINT", () => {}); // Ctrl+C reaches the parent too, who tells us
process.on("SIGTERM", stop).on("disconnect", stop);
process.on("message", (message: ToMailbox) => (message.type === "start" ? start(message) : stop()));
onTelemetry((event, payload) => tell({ type: "event", event, payload }));

async function start({ options }: Extract<ToMailbox, { type: "start" }>): Promise<void> {
  try {
    mailbox = await startMailbox(options);
    tell({ type: "ready", url: mailbox.url });
  } catch (error) {
    const code = error instanceof AppError ? error.code : "MailboxFailed";
    process.send?.({ type: "failed", code, message: messageOf(error) } satisfies FromMailbox, () =>
      process.exit(1),
    );
  }
}

async function stop(): Promise<void> {
  await mailbox?.[Symbol.asyncDispose]();
  process.exit(0);
}

function tell(message: FromMailbox): void {
  if (process.connected) process.send?.(message, () => {});
}
