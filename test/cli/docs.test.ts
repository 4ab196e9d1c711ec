import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { type Cli, entry, openCli } from "./cli.ts";

const docs = path.resolve(import.meta.dirname, "../../docs/cli.md");

let cli: Cli;
before(async () => {
  cli = await openCli();
  await cli.rows(
    "select queue.declare_tasks($1)",
    JSON.stringify([{ name: "mail/flush" }, { name: "mail/sweep" }]),
  );
});
after(() => cli[Symbol.asyncDispose]());

test("every example of docs/cli.md can be typed as it stands", async () => {
  const examples = examplesIn(await readFile(docs, "utf8"));
  assert.ok(examples.length > 20);
  for (const example of examples) {
    const { code, said } = await type(example);
    assert.ok(code === 0 || code === 1, `${example}: ${said}`);
  }
});

/** But those that run until they are stopped. */
function examplesIn(text: string): string[] {
  const spans = [...text.matchAll(/`(howdah [^`]+)`|^\$ (howdah .+)$/gm)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
  return [...new Set(spans)]
    .filter((example) => !/^howdah (work|queue:work|queue:listen)\b(?!.*--help)/.test(example))
    .map((example) => example.replaceAll("\\|", "|"));
}

function type(line: string): Promise<{ code: number | null; said: string }> {
  const shell = `howdah() { "${process.execPath}" "${entry}" "$@"; }; alarm() { true; }; jq() { cat; }; ${line}`;
  const child = spawn("/bin/sh", ["-c", shell], {
    env: { PATH: process.env.PATH, DATABASE_URL: cli.databaseUrl },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, said })));
}
