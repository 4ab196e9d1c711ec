import { ServerClient } from "postmark";
import { optionsOf, serve } from "../../realtime/processes/serve.ts";
import { clientOptions, type Message, messageTo } from "../message.ts";

/** What somebody writes by hand: batches of 500, one after the other or some at once, and nothing is remembered. */
const { mailboxUrl, message, atOnce } = optionsOf<{ mailboxUrl: string; message: Message; atOnce: number }>();
const client = new ServerClient("sandbox-bench", clientOptions(mailboxUrl));
const batch = 500;

export type PeerApi = typeof api;

const api = {
  async send(letters: number): Promise<void> {
    let next = 0;
    const loop = async () => {
      while (next < letters) {
        const first = next;
        next += batch;
        const size = Math.min(batch, letters - first);
        const messages = Array.from({ length: size }, (_, each) => messageTo(message, first + each));
        const results = await client.sendEmailBatch(messages);
        if (results.some(({ ErrorCode }) => ErrorCode !== 0)) throw new Error("a letter was refused");
      }
    };
    await Promise.all(Array.from({ length: atOnce }, loop));
  },
};

serve(api);
