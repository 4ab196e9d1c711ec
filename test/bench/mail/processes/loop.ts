import { ServerClient } from "postmark";
import { optionsOf, serve } from "../../realtime/processes/serve.ts";
import { clientOptions, type Message, messageTo } from "../message.ts";

/** What somebody writes by hand: batches of 500, one after the other or some at once, and nothing is remembered. */
const { mailboxUrl, message, atOnce } = optionsOf<{ mailboxUrl: string; message: Message; atOnce: number }>();
const client = new ServerClient("sandbox-bench", clientOptions(mailboxUrl));
const batch = 500;

let accepted = 0;

export type PeerApi = typeof api;

const api = {
  /** Begins; who fails ends this process. */
  send(letters: number): void {
    for (let each = 0; each < atOnce; each++) void sendFrom(each * batch, letters);
  },
  accepted: () => accepted,
};

serve(api);

async function sendFrom(start: number, letters: number): Promise<void> {
  for (let first = start; first < letters; first += atOnce * batch) {
    const size = Math.min(batch, letters - first);
    const messages = Array.from({ length: size }, (_, each) => messageTo(message, first + each));
    const results = await client.sendEmailBatch(messages);
    if (results.some(({ ErrorCode }) => ErrorCode !== 0)) throw new Error("a letter was refused");
    accepted += size;
  }
}
