import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";

const root = path.resolve(import.meta.dirname, "..");

/** Lower storeys come first; what stands on one line never imports its neighbours. */
const storeys = [
  ["lib"],
  ["errors.ts"],
  ["config.ts", "telemetry.ts"],
  ["db"],
  ["auth", "queue", "mail", "mailbox"],
  ["realtime", "graphql", "tasks"],
  ["ops"],
  ["http"],
  ["app.ts"],
  ["cli"],
  ["main.ts"],
];

test("imports point down only, and never sideways", async () => {
  const all = await imports();
  assert.ok(all.length > 200, "imports are found");
  assert.deepEqual(all.filter(breaksTheLaw), []);
});

test("the law is worth something: imports upwards and sideways would be found", () => {
  const offending = (file: string, text: string) => importsOf({ file, text }).filter(breaksTheLaw).length;
  assert.equal(offending("src/queue/a.ts", 'import { b } from "#http/b.ts";'), 1);
  assert.equal(offending("src/queue/a.ts", 'import type { b } from "../mail/b.ts";'), 1);
  assert.equal(offending("src/queue/a.ts", 'const b = await import("#realtime/b.ts");'), 1);
  assert.equal(
    offending("src/http/a.ts", 'import { b } from "#queue/b.ts";\nimport { c } from "./c.ts";'),
    0,
  );
  assert.throws(() => storeyOf("nowhere"), /no storey/);
});

test("nothing imports tasks, and nothing of the server is imported by the web app or imports it", async () => {
  const all = await imports();
  assert.deepEqual(
    all.filter(({ imported, room }) => imported === "tasks" && room !== "tasks").map(({ file }) => file),
    [],
  );
  const web = await files("src/web/**/*.{ts,tsx}");
  assert.ok(web.length > 0);
  for (const { file, text } of web)
    for (const specifier of specifiersOf(text)) assert.match(resolve(file, specifier), /^src\/web\//, file);
});

test("only the settings read the environment", async () => {
  const readers = (await files("src/**/*.ts")).filter(({ text }) => /process\.env\b/.test(text));
  assert.deepEqual(readers.map(({ file }) => file).sort(), [
    "src/config.ts",
    "src/lib/run.ts",
    "src/main.ts",
  ]);
});

test("files are small: half of them under 80 lines, none over 250", async () => {
  const lengths = (await files("{src,tasks}/**/*.{ts,tsx}"))
    .filter(({ file }) => file !== "src/db/types.ts")
    .map(({ file, text }) => ({ file, lines: text.split("\n").length }))
    .sort((a, b) => a.lines - b.lines);
  assert.deepEqual(
    lengths.filter(({ lines }) => lines > 250),
    [],
  );
  assert.ok((lengths[Math.floor(lengths.length / 2)]?.lines ?? 0) < 80);
});

type Import = { file: string; room: string; imported: string };

async function imports(): Promise<Import[]> {
  const sources = await files("{src,tasks}/**/*.ts");
  return sources.filter(({ file }) => !file.startsWith("src/web/")).flatMap(importsOf);
}

function importsOf({ file, text }: { file: string; text: string }): Import[] {
  const target = (specifier: string) => roomOf(resolve(file, specifier));
  return specifiersOf(text).map((specifier) => ({ file, room: roomOf(file), imported: target(specifier) }));
}

function breaksTheLaw({ room, imported }: Import): boolean {
  return room !== imported && storeyOf(imported) >= storeyOf(room);
}

function specifiersOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([#.][^"]+)"/g)].map((match) => match[1] ?? "");
}

function resolve(file: string, specifier: string): string {
  return specifier.startsWith("#") ? `src/${specifier.slice(1)}` : path.join(path.dirname(file), specifier);
}

function roomOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  return top === "src" ? second : top;
}

function storeyOf(room: string): number {
  const storey = storeys.findIndex((rooms) => rooms.includes(room));
  if (storey < 0) throw new Error(`${room} has no storey: add it to test/architecture.test.ts`);
  return storey;
}

async function files(pattern: string): Promise<{ file: string; text: string }[]> {
  const found = await Array.fromAsync(glob(pattern, { cwd: root }));
  return Promise.all(
    found.map(async (file) => ({ file, text: await readFile(path.join(root, file), "utf8") })),
  );
}
