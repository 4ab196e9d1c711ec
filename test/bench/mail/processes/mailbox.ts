import { startMailbox } from "#mailbox/mailbox.ts";
import { optionsOf, serve } from "../../realtime/processes/serve.ts";

/** The mailbox as a process of its own, with its store on disk. */
const { file } = optionsOf<{ file: string }>();
const { url } = await startMailbox({ file });

export type MailboxApi = typeof api;

const api = { url: () => url };

serve(api);
