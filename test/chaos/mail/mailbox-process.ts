import { startMailbox } from "#mailbox/mailbox.ts";

/** The mailbox as a process of its own: who sends may die without it. */
const [file = ""] = process.argv.slice(2);
process.on("disconnect", () => process.exit(1)); // the chaos run is gone
const { url } = await startMailbox({ file });
process.send?.({ url });
