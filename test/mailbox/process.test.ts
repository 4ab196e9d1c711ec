import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { MailboxChild } from "#mailbox/child.ts";
import { identityAt } from "#mailbox/identity.ts";
import { onTelemetry, type TelemetryEvent } from "#telemetry.ts";
import { clientAt, receivedAt } from "../support/mailbox.ts";
import { openFolder, StartFailed, startHowdah } from "../support/process.ts";
import { until } from "../support/wait.ts";

const message = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };

test("what the mailbox has accepted outlives a kill -9 of it, and it comes back by itself at the same place", async () => {
  await using folder = await openFolder();
  await using mailbox = new MailboxChild({ file: path.join(folder.path, "m.db"), port: 0 });
  const url = await mailbox.url;
  const { MessageID } = await clientAt(url).sendEmail(message);
  const unknownPath = heard("mailbox:unknown-path");
  await assert.rejects(clientAt(url).getInboundMessages(), { statusCode: 404 });
  assert.deepEqual(await unknownPath, { method: "GET", path: "/messages/inbound" });
  const ended = heard("mailbox:ended");
  process.kill(mailbox.pid, "SIGKILL");
  assert.deepEqual(await ended, { code: null, signal: "SIGKILL" });
  await until(async () => (await identityAt(url)) !== undefined);
  assert.deepEqual(
    (await receivedAt(url)).map(({ id }) => id),
    [MessageID],
  );
});

test("when its app is killed the mailbox ends by itself, and the next start has its port and its letters", async () => {
  await using folder = await openFolder();
  const options = { file: path.join(folder.path, "m.db"), port: 0 };
  const parent = fork(path.join(import.meta.dirname, "parent.ts"), [JSON.stringify(options)]);
  const [url] = (await once(parent, "message")) as [string];
  await clientAt(url).sendEmail(message);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  await using next = new MailboxChild({ ...options, port: Number(new URL(url).port) });
  assert.equal(await next.url, url);
  assert.ok(next.pid > 0, "its own process, not the one that was ending");
  assert.equal((await receivedAt(url)).length, 1);
});

test("a mailbox of the same file that goes on running is shared; any other program at the port is named", async () => {
  await using folder = await openFolder();
  const file = path.join(folder.path, "m.db");
  await using first = new MailboxChild({ file, port: 0 });
  const url = await first.url;
  const port = Number(new URL(url).port);
  await using second = new MailboxChild({ file, port });
  assert.equal(await second.url, url);
  await using other = new MailboxChild({ file: path.join(folder.path, "other.db"), port });
  await assert.rejects(other.url, {
    code: "CannotListen",
    message: /Port \d+ of the mailbox is in use.*MAILBOX_PORT/,
  });
  const squatter = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  await once(squatter, "listening");
  await using third = new MailboxChild({ file, port: (squatter.address() as AddressInfo).port });
  await assert.rejects(third.url, { code: "CannotListen" });
  squatter.close();
});

test("--only=mailbox serves in the foreground without a database, once for each folder, and stops with exit 0", async () => {
  await using folder = await openFolder();
  const only = { dir: folder.path, args: ["--only=mailbox"] };
  await using alone = await startHowdah(only);
  assert.equal((await clientAt(alone.mailboxUrl).sendEmail(message)).ErrorCode, 0);
  const again = startHowdah({ ...only, env: { MAILBOX_PORT: new URL(alone.mailboxUrl).port } });
  await assert.rejects(
    again,
    /The mailbox of this folder already runs at http:.*: use it, or stop it first\./,
  );
  assert.equal(await alone.stop(), 0);
});

test("the mailbox stays off in production, and beside a token, unless it is switched on", async () => {
  const production = { NODE_ENV: "production", JWT_SECRET: "x".repeat(32) };
  const start = (env: Record<string, string>) => startHowdah({ args: ["--only=mailbox"], env });
  const refused = (env: Record<string, string>, exit: number, says: RegExp) =>
    assert.rejects(start(env), (error) => {
      assert.ok(error instanceof StartFailed);
      assert.equal(error.exit, exit);
      assert.match(error.message, says);
      return true;
    });
  await refused(production, 1, /POSTMARK_SERVER_TOKEN is missing.*MAILBOX=on/);
  await refused({ ...production, POSTMARK_SERVER_TOKEN: "t" }, 0, /The mailbox is off.*MAILBOX=on/);
  await using allowed = await start({ ...production, MAILBOX: "on" });
  assert.equal((await clientAt(allowed.mailboxUrl).getServer()).DeliveryType, "Sandbox");
});

test("a foreign name that was made to point here reads no letter, and a foreign page changes nothing", async () => {
  await using folder = await openFolder();
  await using alone = await startHowdah({ dir: folder.path, args: ["--only=mailbox"] });
  for (const path of ["/", "/_control/messages", "/messages/outbound"])
    assert.equal((await ask(alone.mailboxUrl + path, { host: "evil.test" })).status, 421);
  assert.match((await ask(`${alone.mailboxUrl}/_control/messages`, {})).body, /"Messages":\[\]/);
  const reset = `${alone.mailboxUrl}/_control/reset`;
  assert.equal((await ask(reset, { "content-type": "text/plain" }, "POST")).status, 415);
  assert.equal((await ask(reset, { "content-type": "application/json" }, "POST")).status, 200);
});

function heard(wanted: TelemetryEvent): Promise<unknown> {
  return new Promise((resolve) => {
    const stop = onTelemetry((event, payload) => {
      if (event !== wanted) return;
      stop();
      resolve(payload);
    });
  });
}

/** fetch cannot lie about the name that it calls. */
async function ask(url: string, headers: Record<string, string>, method = "GET") {
  const asked = request(url, { method, headers });
  asked.end(method === "POST" ? "{}" : undefined);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString() };
}
