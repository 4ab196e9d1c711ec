// An app with a mailbox, to be killed by a test: node parent.ts <options as JSON>
import { MailboxChild } from "#mailbox/child.ts";

process.send?.(await new MailboxChild(JSON.parse(process.argv[2] ?? "")).url);
setInterval(() => {}, 60_000);
