import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { buildSchema, parse, validate } from "graphql";
import { type Copy, checkout, openCopy } from "./support/checkout.ts";

/** Follows docs/building-on-howdah.md to the letter, in a copy of the checkout. */
const guide = await readFile(path.join(checkout, "docs/building-on-howdah.md"), "utf8");

let copy: Copy;
before(async () => {
  copy = await openCopy();
});
after(() => copy[Symbol.asyncDispose]());

test("the guide's files are a noun: its commands pass, and what it asks the API for is there", {
  timeout: 180_000,
}, async (t) => {
  const files = filesOf(guide);
  assert.ok(files.length >= 8, "the guide names its files");
  for (const { file, text } of files) await copy.write(file, text);
  const [commands = ""] = blocksOf(guide, "sh");
  for (const command of commands.trim().split("\n")) {
    const since = performance.now();
    await copy.sh(command);
    t.diagnostic(`${command}: ${Math.round(performance.now() - since)} ms`);
  }
  const schema = buildSchema(await readFile(path.join(copy.dir, "src/graphql/schema.graphql"), "utf8"));
  assert.ok(schema.getMutationType()?.getFields().reportFind);
  const queries = blocksOf(guide, "graphql");
  assert.ok(queries.length > 0);
  for (const query of queries) assert.deepEqual(validate(schema, parse(query)), []);
});

/** Blocks that stand under the name of their file. */
function filesOf(text: string): { file: string; text: string }[] {
  return [...text.matchAll(/^`([\w./-]+)`\n\n```\w*\n([\s\S]*?)^```$/gm)].map(
    ([, file = "", block = ""]) => ({ file, text: block }),
  );
}

function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, block = ""]) => block,
  );
}
