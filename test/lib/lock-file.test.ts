import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { withLockFile } from "#lib/lock-file.ts";
import { openFolder } from "../support/process.ts";

test("one works at a time, whoever comes second waits", async () => {
  await using folder = await openFolder();
  const file = path.join(folder.path, "lock");
  let inside = 0;
  const work = async () => {
    assert.equal(++inside, 1);
    await new Promise(setImmediate);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLockFile(file, work)));
});

test("the lock of a dead process is taken over by exactly one of many at a time", async () => {
  await using folder = await openFolder();
  const file = path.join(folder.path, "lock");
  const dead = spawn(process.execPath, ["-e", ""]);
  await once(dead, "exit");
  await writeFile(file, String(dead.pid));
  let inside = 0;
  const work = async () => {
    assert.equal(++inside, 1);
    await new Promise(setImmediate);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 10 }, () => withLockFile(file, work)));
});

for (const { what, holder } of [
  { what: "held for too long, though a process with that id lives", holder: String(process.ppid) },
  { what: "of an earlier process that had our id", holder: String(process.pid) },
  { what: "whose process died before it wrote its id", holder: "" },
]) {
  test(`a lock is taken over: ${what}`, async () => {
    await using folder = await openFolder();
    const file = path.join(folder.path, "lock");
    await writeFile(file, holder);
    const longAgo = new Date(Date.now() - 180_000);
    await utimes(file, longAgo, longAgo);
    assert.equal(await withLockFile(file, () => readFile(file, "utf8")), String(process.pid));
  });
}

test("the lock is free again when the work has thrown", async () => {
  await using folder = await openFolder();
  const file = path.join(folder.path, "lock");
  await assert.rejects(
    withLockFile(file, () => Promise.reject(new Error("broken"))),
    /broken/,
  );
  assert.equal(await withLockFile(file, async () => "free"), "free");
});
