import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { openFolder, startHowdah } from "./support/process.ts";
import { graphqlOf } from "./support/visitor.ts";
import { openWorld } from "./support/world.ts";

const root = path.resolve(import.meta.dirname, "..");
const secrets = { JWT_SECRET: "x".repeat(32), POSTGRES_PASSWORD: "letters", MAILBOX: "on" };
const compose = [["docker", "compose"], ["docker-compose"]].find(
  ([program = "", ...args]) => spawnSync(program, [...args, "version"]).status === 0,
);
const noCompose = !compose && "there is no docker compose here";

test("docker compose accepts the file with its secrets, and names the one that is missing", {
  skip: noCompose,
}, () => {
  assert.equal(config(secrets).status, 0, config(secrets).stderr);
  const { JWT_SECRET: _, ...lacking } = secrets;
  const refused = config(lacking);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /JWT_SECRET/);
});

test("api and worker can be scaled: no fixed names, no port of the worker's, a database and a mailbox with volumes", async () => {
  const text = await readFile(path.join(root, "docker-compose.yml"), "utf8");
  assert.doesNotMatch(text, /container_name/);
  assert.doesNotMatch(
    text.slice(text.indexOf("  worker:"), text.indexOf("  mailbox:")),
    /ports:|command:.*mailbox/,
  );
  assert.match(text, /data:\/var\/lib\/postgresql/);
  assert.match(text, /mail:\/app\/\.howdah/);
});

test("the image runs as nobody special, checks its health, and holds what src, db and tasks need", async () => {
  const text = await readFile(path.join(root, "Dockerfile"), "utf8");
  const last = text.slice(text.lastIndexOf("\nFROM "));
  assert.match(last, /^USER node$/m);
  assert.match(last, /^HEALTHCHECK /m);
  for (const folder of ["db", "tasks", "src"])
    assert.match(last, new RegExp(`^COPY ${folder} ${folder}$`, "m"));
});

test("without what the image leaves out, a production start on DATABASE_URL serves, and is healthy", async () => {
  await using world = await openWorld();
  await using folder = await openFolder();
  const env = {
    ...{
      NODE_ENV: "production",
      DATABASE_URL: world.databaseUrl,
      JWT_SECRET: secrets.JWT_SECRET,
      MAILBOX: "on",
    },
    NODE_OPTIONS: `--import ${path.join(root, "test/support/forbid.ts")}`,
    FORBIDDEN_PACKAGES: (await leftOut()).join(" "),
  };
  await using front = await startHowdah({ dir: folder.path, env, args: ["--only=api,relay,mailbox"] });
  await using worker = await startHowdah({ dir: folder.path, env, args: ["--only=worker"] });
  assert.deepEqual(await graphqlOf(front.url)("{ me { id } }"), { me: null });
  assert.equal((await fetch(`${front.url}/readyz`)).status, 200);
  assert.equal(health({ ...env, PORT: new URL(front.url).port }), 0);
  assert.equal(
    health({ ...env, PORT: new URL(worker.url).port }),
    0,
    "a worker without a server is known by its heartbeat",
  );
  assert.equal(await worker.stop(), 0);
  assert.equal(await front.stop(), 0);
  assert.equal(health({ ...env, PORT: new URL(front.url).port }), 1);
});

/** The packages that the Dockerfile deletes or does not install. */
async function leftOut(): Promise<string[]> {
  const text = await readFile(path.join(root, "Dockerfile"), "utf8");
  const deleted = /rm -rf ([\s\S]*?)\n\n/.exec(text)?.[1]?.split(/[\s\\]+/) ?? [];
  assert.ok(deleted.includes("ruru"));
  const { optionalDependencies, devDependencies } = JSON.parse(
    await readFile(path.join(root, "package.json"), "utf8"),
  );
  return [...deleted, ...Object.keys(optionalDependencies), ...Object.keys(devDependencies)].filter(
    (name) => !name.startsWith("."),
  );
}

function health(env: Record<string, string>): number | null {
  return spawnSync(process.execPath, [path.join(root, "src/cli/health.ts")], {
    env: { PATH: process.env.PATH, ...env },
  }).status;
}

function config(env: Record<string, string>) {
  const [program = "", ...args] = compose ?? [];
  return spawnSync(program, [...args, "-f", path.join(root, "docker-compose.yml"), "config", "-q"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, ...env },
  });
}
