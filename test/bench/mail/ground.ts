import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { migrate } from "#db/migrate.ts";
import { publishTemplates } from "#mail/templates.ts";
import { MailboxChild } from "#mailbox/child.ts";
import { declareQueue } from "#queue/declare.ts";
import type { Lifetime } from "../support/lifetime.ts";
import type { Postgres } from "../support/postgres.ts";
import { enqueueCampaign } from "./letters.ts";
import type { Message } from "./message.ts";

/** What one run stands on: an empty database and an empty mailbox. */
export type Ground = { databaseUrl: string; pool: pg.Pool; mailboxUrl: string; message: Message };

let databases = 0;

export async function openGround(life: Lifetime, postgres: Postgres): Promise<Ground> {
  const databaseUrl = await postgres.createDatabase(`bench_mail_${++databases}`);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  life.defer(() => pool.end());
  await migrate(pool);
  await declareQueue(pool);
  await publishTemplates(pool, "https://school.test");
  return { databaseUrl, pool, mailboxUrl: await startMailbox(life), message: await sampleOf(pool) };
}

/** How many letters the mailbox has of a stream. */
export async function countTaken(mailboxUrl: string, stream = "broadcast"): Promise<number> {
  const { TotalCount } = await search(mailboxUrl, `count=1&offset=0&messagestream=${stream}`);
  return TotalCount;
}

/** When the mailbox stored a letter; milliseconds since 1970. */
export async function takenAt(mailboxUrl: string, letter: string): Promise<number> {
  const { Messages } = await search(mailboxUrl, `count=1&offset=0&metadata_mid=${letter}`);
  return Date.parse(Messages[0]?.ReceivedAt ?? "");
}

/** A process of its own, with its store on disk. */
async function startMailbox(life: Lifetime): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "howdah-bench-mailbox-"));
  life.defer(() => rm(dir, { recursive: true, force: true }));
  return life.use(new MailboxChild({ file: path.join(dir, "mailbox.db"), port: 0 })).url;
}

/** A letter as Howdah writes it; nobody is there to send it. */
async function sampleOf(pool: pg.Pool): Promise<Message> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await enqueueCampaign(client, 1);
    const { rows } = await client.query<Message>("select subject, html, text from mail.words");
    await client.query("rollback");
    return rows[0] as Message;
  } finally {
    client.release();
  }
}

async function search(mailboxUrl: string, query: string) {
  const response = await fetch(`${mailboxUrl}/messages/outbound?${query}`, {
    headers: { accept: "application/json", "x-postmark-server-token": "sandbox-bench" },
  });
  if (!response.ok) throw new Error(`the mailbox answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as { TotalCount: number; Messages: { ReceivedAt: string }[] };
}
