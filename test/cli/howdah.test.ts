import assert from "node:assert/strict";
import { access, constants, glob, readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { runningEmbedded } from "#db/running.ts";
import { openFolder } from "../support/process.ts";
import { testDir } from "../support/world.ts";
import { type Cli, entry, openCli, runHowdah } from "./cli.ts";

const root = path.resolve(import.meta.dirname, "../..");

let cli: Cli;
before(async () => {
  cli = await openCli();
});
after(() => cli[Symbol.asyncDispose]());

test("without a command, or asked for help, it lists every command and ends with 0", async () => {
  for (const args of [[], ["list"], ["help"], ["--help"]]) {
    const { code, out } = await runHowdah(args, {});
    assert.equal(code, 0);
    assert.match(out, /^ {2}queue:retry +Retry a failed queue job$/m);
  }
});

test("every command explains itself, without a database", async () => {
  for (const args of [
    ["help", "queue:retry"],
    ["queue:retry", "--help"],
    ["queue:retry", "-h"],
  ]) {
    const { code, out } = await runHowdah(args, {});
    assert.equal(code, 0);
    assert.match(out, /^howdah queue:retry \[id\.\.\.\] \[options\]$/m);
    assert.match(out, /--range=1-5/);
  }
  assert.match((await runHowdah(["help", "work"], {})).out, /--processes=1/);
});

const usage: [string[], RegExp][] = [
  [["queue:fialed"], /There is no command "queue:fialed": did you mean queue:failed/],
  [["xyzzy"], /There is no command "xyzzy": howdah list shows all/],
  [["queue:failed", "--jsno"], /no option --jsno, did you mean --json.*howdah help queue:failed/],
  [["queue:failed", "mail"], /queue:failed does not take "mail"/],
  [["queue:forget"], /queue:forget lacks its argument id/],
  [["queue:flush", "--hours"], /--hours of queue:flush needs a value/],
  [["queue:failed", "--json=yes"], /--json of queue:failed takes no value/],
];

for (const [args, says] of usage)
  test(`howdah ${args.join(" ")} is refused with one sentence and 2`, async () => {
    const { code, out, err } = await runHowdah(args, {});
    assert.deepEqual({ code, out }, { code: 2, out: "" });
    assert.match(err, /^howdah: [^\n]+\n$/);
    assert.match(err, says);
  });

test("where nothing runs it says so, ends with 2, and makes no folder", async () => {
  await using folder = await openFolder();
  const dir = path.join(folder.path, "none");
  const { code, err } = await runHowdah(["queue:failed"], { HOWDAH_DIR: dir });
  assert.equal(code, 2);
  assert.equal(err, "howdah: Howdah is not running here: npm start, or set DATABASE_URL.\n");
  await assert.rejects(access(dir));
});

test("a database that does not answer, or has no queue, is told in one sentence, with 2", async () => {
  const away = await runHowdah(["queue:failed"], { DATABASE_URL: "postgres://nobody:x@127.0.0.1:1/howdah" });
  assert.equal(away.code, 2);
  assert.match(away.err, /^howdah: The database cannot be reached .*check DATABASE_URL\.\n$/);
  const empty = new URL(cli.databaseUrl);
  empty.pathname = "/postgres";
  const bare = await runHowdah(["queue:failed"], { DATABASE_URL: empty.href });
  assert.equal(bare.code, 2);
  assert.match(
    bare.err,
    /^howdah: This database has another version's tables, or none .*start Howdah on it once\.\n$/,
  );
});

test("the embedded Postgres is found while it runs", async (t) => {
  if (process.env.TEST_DATABASE_URL) return t.skip("the tests run on another server");
  const running = await runningEmbedded(testDir);
  assert.equal(new URL(running ?? "").port, new URL(cli.databaseUrl).port);
});

test("it needs none of the secrets that a start in production needs", async () => {
  const { code, out } = await cli.howdahWith({ NODE_ENV: "production" }, "queue:failed");
  assert.equal(code, 0);
  assert.match(out, /No failed jobs found\./);
});

test("--quiet prints nothing but errors and JSON; colors come with --ansi", async () => {
  assert.deepEqual(await cli.howdah("queue:failed", "--quiet"), { code: 0, out: "", err: "" });
  assert.equal((await cli.howdah("queue:failed", "-q", "--json")).out, "[]\n");
  assert.match((await cli.howdah("queue:forget", "1", "-q")).err, /No failed job matches/);
  assert.ok((await cli.howdah("queue:failed", "--ansi")).out.includes("\u001b["));
  assert.ok(!(await cli.howdah("queue:failed")).out.includes("\u001b["));
});

test("the package's bin can be executed, and finds Node by itself", async () => {
  await access(entry, constants.X_OK);
  assert.match(await readFile(entry, "utf8"), /^#!\/usr\/bin\/env node\n/);
});

test("every command stands in docs/cli.md", async () => {
  const text = await readFile(path.join(root, "docs/cli.md"), "utf8");
  const listed = (await runHowdah(["list"], {})).out;
  const names = [...listed.matchAll(/^ {2}([a-z][\w:-]+) {2,}/gm)].map(([, name]) => name);
  assert.ok(names.length > 25);
  assert.deepEqual(
    names.filter((name) => !text.includes(`\`${name}`)),
    [],
  );
});

test("a file per group of commands, none of them long", async () => {
  for await (const file of glob("src/cli/commands/*.ts", { cwd: root })) {
    const { length } = (await readFile(path.join(root, file), "utf8")).split("\n");
    assert.ok(length <= 130, `${file} has ${length} lines`);
  }
});
