import path from "node:path";
import type { Config } from "#config.ts";
import type { MailboxOptions } from "./mailbox.ts";

/** The mailbox of these settings; its letters are kept under HOWDAH_DIR. */
export function mailboxOptions(config: Config): MailboxOptions & { port: number } {
  return {
    file: path.join(config.dir, "mailbox", "mailbox.db"),
    port: config.mailboxPort,
    host: config.host,
    names: [config.publicUrl, config.mailboxUrl].map((url) => new URL(url).hostname),
  };
}
