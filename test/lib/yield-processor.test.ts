import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import os from "node:os";
import { test } from "node:test";
import { promisify } from "node:util";

const below = os.constants.priority.PRIORITY_BELOW_NORMAL;
const isLinux = process.platform === "linux";

test("a process that yields does so with all its threads, the collector's too", {
  skip: !isLinux,
}, async () => {
  assert.deepEqual([...new Set(await prioritiesAfter(""))], [os.getPriority()]);
  const yielding = await prioritiesAfter("yieldProcessor();");
  assert.ok(yielding.length > 1);
  assert.deepEqual([...new Set(yielding)], [below]);
});

/** Of each thread of a process that has run the statement. */
async function prioritiesAfter(statement: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { readdirSync } from "node:fs";
    import os from "node:os";
    import { yieldProcessor } from "#lib/yield-processor.ts";
    ${statement}
    console.log(JSON.stringify(readdirSync("/proc/self/task").map((thread) => os.getPriority(Number(thread)))));`,
  ]);
  return JSON.parse(stdout);
}
