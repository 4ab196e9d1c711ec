import { makeWorkerUtils, run } from "graphile-worker";
import { ServerClient } from "postmark";
import { optionsOf, serve } from "../../realtime/processes/serve.ts";
import { clientOptions, type Message, messageTo } from "../message.ts";
import type { PeerApi } from "./loop.ts";

/** One letter, one job, one request: a plain graphile-worker task, and its retries send again whatever was not answered. */
const { databaseUrl, mailboxUrl, message } = optionsOf<{
  databaseUrl: string;
  mailboxUrl: string;
  message: Message;
}>();
const client = new ServerClient("sandbox-bench", clientOptions(mailboxUrl));
const utils = await makeWorkerUtils({ connectionString: databaseUrl });
await utils.migrate();
let accepted = 0;
await run({
  connectionString: databaseUrl,
  concurrency: 10,
  noHandleSignals: true,
  taskList: {
    async send(payload) {
      await client.sendEmail(payload as ReturnType<typeof messageTo>);
      accepted++;
    },
  },
});

const api: PeerApi = {
  send: (letters) => void addJobs(letters),
  accepted: () => accepted,
};

serve(api);

async function addJobs(letters: number): Promise<void> {
  for (let first = 0; first < letters; first += 1000)
    await utils.addJobs(
      Array.from({ length: Math.min(1000, letters - first) }, (_, each) => ({
        identifier: "send",
        payload: messageTo(message, first + each),
      })),
    );
}
