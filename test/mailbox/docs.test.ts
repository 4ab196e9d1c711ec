import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { openMailbox } from "../support/mailbox.ts";

const page = path.resolve(import.meta.dirname, "../../docs/mailbox.md");

test("what docs/mailbox.md tells to type works", async () => {
  await using mailbox = await openMailbox();
  const blocks = [...(await readFile(page, "utf8")).matchAll(/```sh\n(.*?)```/gs)].map(
    ([, block = ""]) => block,
  );
  assert.equal(blocks.length, 5);
  for (const block of blocks) {
    const script = `set -e\n${block.replaceAll("localhost:4025", mailbox.host)}`;
    await assert.doesNotReject(promisify(execFile)("sh", ["-c", script]), block);
  }
  assert.deepEqual(await mailbox.control("GET", "faults"), [], "the last line took them away");
});
