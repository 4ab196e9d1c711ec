import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { glob, rm } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { openPool } from "#db/pool.ts";
import { type Copy, checkout, openCopy } from "./support/checkout.ts";
import { openFolder, startHowdah } from "./support/process.ts";
import { graphqlOf } from "./support/visitor.ts";
import { startTestCluster } from "./support/world.ts";

/** Everything named after it is deleted; the rest must not notice. */
const noun = "grades";
const neighbour = "chat";

const skip = (await filesNamed(checkout)).length === 0 && `there are no ${noun} here`;
const options = { skip, timeout: 240_000 };
let copy: Copy;
before(async () => {
  copy = await openCopy();
  for (const file of await filesNamed(copy.dir)) await rm(path.join(copy.dir, file));
});
after(() => copy[Symbol.asyncDispose]());

test(`without its ${noun}, types and schema are made anew and everything else is as it was`, {
  skip,
}, async (t) => {
  for (const line of [
    "npm run types && npm run schema",
    "tsc --noEmit",
    "tsc --noEmit -p src/web && npm run web",
    "node --test test/conventions.test.ts test/architecture.test.ts test/rights/rights.test.ts",
    `node --test test/features/${neighbour}.test.ts`,
  ]) {
    const since = performance.now();
    await copy.sh(line);
    t.diagnostic(`${line}: ${Math.round(performance.now() - since)} ms`);
  }
});

test(`without its ${noun}, Howdah starts on an empty database and serves the API`, options, async () => {
  await using database = await openEmptyDatabase();
  await using folder = await openFolder();
  const env = { DATABASE_URL: database.url, JWT_SECRET: "x".repeat(32) };
  await using howdah = await startHowdah({ cwd: copy.dir, dir: folder.path, env });
  const { __schema } = await graphqlOf(howdah.url)("{ me { id } __schema { types { name } } }");
  const types: string[] = __schema.types.map(({ name }: { name: string }) => name);
  assert.ok(types.includes("Person"));
  assert.ok(!types.includes(singular(noun).replace(/^./, (first) => first.toUpperCase())));
});

/** Files with the noun, or one of it, as a word of their path. */
async function filesNamed(dir: string): Promise<string[]> {
  const named = new RegExp(`(^|[/_.-])(${noun}|${singular(noun)})([/_.-]|$)`);
  const all = await Array.fromAsync(
    glob("{db,src,tasks,test}/**/*.*", { cwd: dir, exclude: ["**/node_modules"] }),
  );
  return all.filter((file) => named.test(file));
}

function singular(plural: string): string {
  return plural.replace(/s$/, "");
}

async function openEmptyDatabase(): Promise<AsyncDisposable & { url: string }> {
  const cluster = await startTestCluster();
  const name = `empty_${randomBytes(4).toString("hex")}`;
  const admin = openPool(cluster.url.replace(/\/[^/]*$/, "/postgres"), "admin", { max: 1 });
  await admin.query(`create database ${name}`);
  return {
    url: cluster.url.replace(/\/[^/]*$/, `/${name}`),
    async [Symbol.asyncDispose]() {
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
