import { ServerClient } from "postmark";
import { type Mailbox, startMailbox } from "#mailbox/mailbox.ts";
import type { StoredMessage } from "#mailbox/store/messages.ts";

/** A mailbox of this test alone, in memory, reached by the unmodified client. */
export type TestMailbox = Mailbox & {
  /** What the client calls requestHost. */
  host: string;
  client(token?: string): ServerClient;
  /** The control API: `control("POST", "faults", {…})`. Throws for every answer but 2xx. */
  control<Answer>(method: string, path: string, body?: object): Promise<Answer>;
  /** All it has accepted, oldest first. */
  received(): Promise<Received[]>;
};

export type Received = Omit<StoredMessage, "receivedAt"> & { receivedAt: string };

export async function openMailbox(): Promise<TestMailbox> {
  const mailbox = await startMailbox({ file: ":memory:" });
  const host = new URL(mailbox.url).host;
  return {
    ...mailbox,
    host,
    client: (token) => clientAt(mailbox.url, token),
    control: (method, path, body) => askControl(mailbox.url, method, path, body),
    received: () => receivedAt(mailbox.url),
  };
}

export function clientAt(url: string, token = "sandbox-token"): ServerClient {
  return new ServerClient(token, { requestHost: url.replace(/^http:\/\//, ""), useHttps: false });
}

/** What a mailbox has accepted, oldest first. */
export async function receivedAt(url: string): Promise<Received[]> {
  const { Messages } = await askControl<{ Messages: Received[] }>(url, "GET", "messages");
  return Messages.sort((a, b) => a.position - b.position);
}

export async function askControl<Answer>(
  url: string,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const answer = await fetch(`${url}/_control/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (answer.ok) return (await answer.json()) as Answer;
  throw new Error(`${method} /_control/${path}: ${answer.status} ${await answer.text()}`);
}
