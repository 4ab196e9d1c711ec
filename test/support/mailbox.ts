import { ServerClient } from "postmark";
import { type Mailbox, startMailbox } from "#mailbox/mailbox.ts";

/** A mailbox of this test alone, in memory, reached by the unmodified client. */
export type TestMailbox = Mailbox & {
  /** What the client calls requestHost. */
  host: string;
  client(token?: string): ServerClient;
  /** The control API: `control("POST", "faults", {…})`. Throws for every answer but 2xx. */
  control<Answer>(method: string, path: string, body?: object): Promise<Answer>;
};

export async function openMailbox(): Promise<TestMailbox> {
  const mailbox = await startMailbox({ file: ":memory:" });
  const host = new URL(mailbox.url).host;
  return {
    ...mailbox,
    host,
    client: (token = "sandbox-token") => new ServerClient(token, { requestHost: host, useHttps: false }),
    control: (method, path, body) => askControl(mailbox.url, method, path, body),
  };
}

async function askControl<Answer>(url: string, method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(`${url}/_control/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (answer.ok) return (await answer.json()) as Answer;
  throw new Error(`${method} /_control/${path}: ${answer.status} ${await answer.text()}`);
}
