import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { RealtimeClient } from "@supabase/realtime-js";
import { freePort } from "#lib/free-port.ts";
import { copyProject } from "../support/checkout.ts";
import { classRoomOf, lettersTo, type Visitor, visit } from "../support/visitor.ts";
import { until } from "../support/wait.ts";

/** On a quiet machine; a busy one takes longer, which proves nothing. */
const usuallyReadyMs = 5000;

/**
 * `npm run fresh`: what a newcomer does, in a temporary folder that holds nothing but the project's own files:
 * npm ci, npm start, one chat message that arrives live, one invitation whose letter arrives, Ctrl+C.
 */
const folder = await mkdtemp(path.join(os.tmpdir(), "howdah-fresh-"));
await chmod(folder, 0o755);
try {
  await copyProject(folder);
  execFileSync("npm", ["ci", "--loglevel=error"], { cwd: folder, stdio: "inherit", env: newcomer() });
  await startUseAndStop(await freePort());
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function startUseAndStop(port: number): Promise<void> {
  const began = performance.now();
  const npm = spawn("npm", ["start"], {
    cwd: folder,
    env: { ...newcomer(), PORT: String(port), MAILBOX_PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const ended = once(npm, "exit");
  const pressCtrlC = () => process.kill(-(npm.pid ?? 0), "SIGINT"); // npm, the shell and Howdah all get it
  try {
    const printed = await printedUntilReady(npm);
    const readyMs = since(began);
    const { chatMs, mailMs } = await tryIt(`http://127.0.0.1:${port}`, printed);
    const stopping = performance.now();
    pressCtrlC();
    await until(() => processesIn(folder) === "", 10_000); // the database is the last to go
    console.log(
      `fresh start: ready ${readyMs} ms, chat ${chatMs} ms, mail ${mailMs} ms, stop ${since(stopping)} ms`,
    );
    if (readyMs > usuallyReadyMs)
      console.log(`A quiet machine is ready within ${usuallyReadyMs} ms: look whether this one is busy.`);
  } finally {
    if (npm.exitCode === null && npm.signalCode === null) pressCtrlC();
    await ended;
  }
}

async function tryIt(url: string, printed: string): Promise<{ chatMs: number; mailMs: number }> {
  const tokens = [...printed.matchAll(/sign-in#([0-9a-f]+)/g)].map((match) => match[1] ?? "");
  const [teacher, student] = await Promise.all([visit(url, tokens[0] ?? ""), visit(url, tokens[1] ?? "")]);
  const room = await classRoomOf(teacher);
  return {
    chatMs: await chat(url, room.id, teacher, student),
    mailMs: await invite(url, room.classId, teacher),
  };
}

function processesIn(dir: string): string {
  return spawnSync("pgrep", ["-af", dir], { encoding: "utf8" }).stdout.trim();
}

async function printedUntilReady(npm: ChildProcess): Promise<string> {
  let printed = "";
  for await (const chunk of npm.stdout ?? []) {
    printed += chunk;
    if (/Howdah serves [\s\S]*\n\n$/.test(printed)) break;
  }
  assert.match(printed, /Howdah serves/, "npm start ended before it was ready");
  npm.stdout?.on("data", () => {}).resume();
  return printed;
}

/** The student listens with the unmodified client, the teacher speaks through GraphQL. */
async function chat(url: string, roomId: string, teacher: Visitor, student: Visitor): Promise<number> {
  const { apikey } = (await (await fetch(`${url}/api/config`)).json()) as { apikey: string };
  const client = new RealtimeClient(`${url.replace("http", "ws")}/realtime/v1`, {
    params: { apikey },
    accessToken: async () => student.accessToken,
  });
  await client.setAuth(); // a join that overtakes the callback would go out without a token
  const room = client.channel(`room:${roomId}`, { config: { private: true } });
  const heard = new Promise<{ payload: { body: string } }>((resolve) => {
    room.on("broadcast", { event: "message" }, (message) => resolve(message as never));
  });
  await new Promise<void>((resolve, reject) => {
    room.subscribe((status, error) => (status === "SUBSCRIBED" ? resolve() : error && reject(error)));
  });
  const began = performance.now();
  await teacher.graphql(
    `mutation ($roomId: UUID!, $clientId: UUID!) {
      sendMessage(input: { roomId: $roomId, body: "Is anybody there?", clientId: $clientId }) { result { seq } }
    }`,
    { roomId, clientId: crypto.randomUUID() },
  );
  assert.equal((await heard).payload.body, "Is anybody there?");
  const ms = since(began);
  await client.disconnect();
  return ms;
}

async function invite(url: string, classId: string, teacher: Visitor): Promise<number> {
  const began = performance.now();
  await teacher.graphql(
    `mutation ($classId: UUID!) {
      inviteToClass(input: { classId: $classId, email: "eko@school.example", name: "Eko", role: "student" }) { result { id } }
    }`,
    { classId },
  );
  await until(async () => (await lettersTo(url, "eko@school.example")).length === 1);
  return since(began);
}

/** The environment of somebody who has nothing but Node and npm. */
function newcomer(): NodeJS.ProcessEnv {
  const path = (process.env.PATH ?? "").split(":").filter((each) => !each.includes("node_modules"));
  return { PATH: path.join(":"), HOME: process.env.HOME };
}

function since(began: number): number {
  return Math.round(performance.now() - began);
}
