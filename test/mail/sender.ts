// A process that hands letters over, to be killed by a test: node sender.ts <database url> <mailbox url>
import { openPool } from "#db/pool.ts";
import { flushOutbox } from "#mail/outbox.ts";
import { transportTo } from "./outbox-support.ts";

const [databaseUrl = "", mailboxUrl = ""] = process.argv.slice(2);
await flushOutbox(openPool(databaseUrl, "sender"), transportTo(mailboxUrl));
