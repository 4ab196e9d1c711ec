import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, get } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort } from "#lib/free-port.ts";
import { openFolder, StartFailed, serverUser, startHowdah } from "./support/process.ts";
import { classRoomOf, graphqlOf, lettersTo, post, visit } from "./support/visitor.ts";
import { until } from "./support/wait.ts";

test("a fresh start serves chat and mail, stops at SIGTERM with exit 0 and leaves nothing behind", async () => {
  await using folder = await openFolder();
  const began = performance.now();
  await using howdah = await startHowdah({ dir: folder.path });
  assert.ok(howdah.printed().includes(`${howdah.url}/graphql`));
  assert.match(howdah.printed(), /ws:\/\/127\.0\.0\.1:\d+\/realtime\/v1\/websocket/);
  assert.match(howdah.printed(), /psql -h 127\.0\.0\.1/);
  assert.equal(howdah.tokens.length, 3);
  assert.ok(performance.now() - began < 30_000); // 5 s on an idle machine, which npm run fresh checks

  const [teacherToken = ""] = howdah.tokens;
  const teacher = await visit(howdah.url, teacherToken);
  const room = await classRoomOf(teacher);
  const clientId = crypto.randomUUID();
  const say = `mutation ($roomId: UUID!, $clientId: UUID!) {
    sendMessage(input: { roomId: $roomId, body: "hello", clientId: $clientId }) { result { id seq } }
  }`;
  const first = await teacher.graphql(say, { roomId: room.id, clientId });
  assert.deepEqual(await teacher.graphql(say, { roomId: room.id, clientId }), first);

  await teacher.graphql(
    `mutation ($classId: UUID!) {
      inviteToClass(input: { classId: $classId, email: "dewi@school.example", name: "Dewi", role: "student" }) { result { id } }
    }`,
    { classId: room.classId },
  );
  await until(async () => (await lettersTo(howdah.url, "dewi@school.example")).length === 1);
  const [letter] = await lettersTo(howdah.url, "dewi@school.example");
  const invited = /sign-in#([0-9a-f]+)/.exec(letter?.TextBody ?? "")?.[1] ?? "";
  assert.equal((await visit(howdah.url, invited)).person.name, "Dewi");

  const stopping = performance.now();
  assert.equal(await howdah.stop("SIGTERM"), 0);
  assert.ok(performance.now() - stopping < 10_000);
  assert.equal(processesOf(folder.path), "");
});

test("a sign-in link works once, a session mints tokens until it is signed out", async () => {
  await using folder = await openFolder();
  await using howdah = await startHowdah({ dir: folder.path });
  const [token = ""] = howdah.tokens;
  const first = await post(`${howdah.url}/auth/sign-in`, { token });
  assert.equal(first.status, 200);
  const setCookie = first.headers.get("set-cookie") ?? "";
  assert.match(setCookie, /HttpOnly/i);
  assert.match(setCookie, /SameSite=Lax/i);
  const again = await post(`${howdah.url}/auth/sign-in`, { token });
  assert.equal(again.status, 410);
  assert.equal(((await again.json()) as { error: { code: string } }).error.code, "LinkIsGone");

  const cookie = setCookie.split(";")[0] ?? "";
  const withCookie = (path: string) => fetch(howdah.url + path, { method: "POST", headers: { cookie } });
  assert.equal((await withCookie("/auth/token")).status, 200);
  assert.equal((await withCookie("/auth/sign-out")).status, 204);
  assert.equal((await withCookie("/auth/token")).status, 401);

  await test("asking for a link mails it to who is known, and says the same to all", async () => {
    for (const email of ["bima@school.example", "nobody@school.example"]) {
      const asked = await post(`${howdah.url}/auth/request-link`, { email });
      assert.equal(asked.status, 202);
      assert.equal(await asked.text(), "{}");
    }
    const tokens = async () =>
      (await lettersTo(howdah.url, "bima@school.example")).flatMap(
        ({ TextBody }) => /sign-in#([0-9a-f]+)/.exec(TextBody)?.[1] ?? [],
      );
    await until(async () => (await tokens()).length === 1);
    const [mailed = ""] = await tokens();
    assert.equal((await visit(howdah.url, mailed)).person.name, "Bima Saputra");
    assert.deepEqual(await lettersTo(howdah.url, "nobody@school.example"), []);
  });

  await test("bad input is answered with a clear error, and the process lives", async () => {
    const bad = [
      { send: () => post(`${howdah.url}/auth/request-link`, { email: "no address" }), status: 422 },
      { send: () => post(`${howdah.url}/auth/sign-in`, {}), status: 422 },
      { send: () => post(`${howdah.url}/auth/request-link`, { email: "a\0@b.c" }), status: 422 },
      { send: () => post(`${howdah.url}/auth/sign-in`, { token: "a\0" }), status: 422 },
      {
        send: () =>
          fetch(`${howdah.url}/auth/token`, { method: "POST", headers: { cookie: "howdah_session=%00" } }),
        status: 401,
      },
      { send: () => raw("/auth/sign-in", "{not json"), status: 400 },
      { send: () => raw("/auth/sign-in", "token=1", "application/x-www-form-urlencoded"), status: 415 },
      { send: () => raw("/auth/sign-in", JSON.stringify({ token: "x".repeat(200_000) })), status: 413 },
      { send: () => raw("/api/broadcast", "{}"), status: 401 },
      { send: () => fetch(`${howdah.url}/nowhere`), status: 404 },
      { send: () => fetch(`${howdah.url}/../../package.json`), status: 404 },
      { send: () => fetch(`${howdah.url}/nowhere`, { headers: { accept: "text/html" } }), status: 404 },
    ];
    for (const { send, status } of bad) {
      const response = await send();
      assert.equal(response.status, status);
      assert.doesNotMatch(await response.text(), /select |\.ts:|at Object/);
    }
    assert.equal((await fetch(`${howdah.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${howdah.url}/readyz`)).status, 200);
  });

  await test("a foreign name that was made to point here is refused, our own names are answered", async () => {
    assert.equal(await statusFor(howdah.url, "rebound.evil.example"), 421);
    for (const host of ["localhost:4000", "127.0.0.1", "[::1]:4000"])
      assert.equal(await statusFor(howdah.url, host), 200);
    assert.equal(await statusFor(howdah.mailboxUrl, "rebound.evil.example"), 421);
    const shown = await fetch(`${howdah.url.replace("127.0.0.1", "localhost")}/mailbox?letter=1`, {
      redirect: "manual",
    });
    const place = howdah.mailboxUrl.replace("127.0.0.1", "localhost");
    assert.equal(shown.headers.get("location"), `${place}/?letter=1`);
    assert.equal(await statusFor(howdah.mailboxUrl, "localhost:4025"), 401);
  });

  await test("the pages carry security headers, and foreign pages are not let in", async () => {
    const page = await fetch(`${howdah.url}/`);
    assert.match(page.headers.get("content-security-policy") ?? "", /script-src 'self'/);
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
    const foreign = await fetch(`${howdah.url}/healthz`, { headers: { origin: "https://evil.example" } });
    assert.equal(foreign.headers.get("access-control-allow-origin"), null);
    const local = await fetch(`${howdah.url}/healthz`, { headers: { origin: "http://localhost:5173" } });
    assert.equal(local.headers.get("access-control-allow-origin"), "http://localhost:5173");
  });

  function raw(at: string, body: string, type = "application/json") {
    return fetch(howdah.url + at, { method: "POST", headers: { "content-type": type }, body });
  }
});

test("a second start adopts the Postgres that a kill -9 left running, and nothing is lost or seeded twice", async () => {
  await using folder = await openFolder();
  const first = await startHowdah({ dir: folder.path });
  const serverPid = await postmaster(folder.path);
  assert.equal(await first.stop("SIGKILL"), "SIGKILL");
  assert.equal(await postmaster(folder.path), serverPid);

  await using second = await startHowdah({ dir: folder.path });
  assert.equal(await postmaster(folder.path), serverPid);
  const teacher = await visit(second.url, second.tokens[0] ?? "");
  const { groups } = await teacher.graphql("{ groups { nodes { name } } }");
  assert.deepEqual(groups.nodes.map(({ name }: { name: string }) => name).sort(), [
    "Astronomy club",
    "Biology 7B",
  ]);
  assert.equal(await second.stop(), 0);
  assert.equal(processesOf(folder.path), "");
});

test("a pid file that names a process which is not Postgres ends the start with one sentence", async () => {
  await using folder = await openFolder();
  const first = await startHowdah({ dir: folder.path });
  const pidFile = path.join(folder.path, "postgres", "postmaster.pid");
  const lines = (await readFile(pidFile, "utf8")).split("\n");
  await first.stop();
  const user = await serverUser();
  const bystander = spawn("sleep", ["60"], { ...user, cwd: "/" });
  await once(bystander, "spawn");
  await writeFile(pidFile, [bystander.pid, ...lines.slice(1)].join("\n"));
  if (user) await chown(pidFile, user.uid, user.gid);
  await assert.rejects(startHowdah({ dir: folder.path }), /does not answer.*not postgres, delete that file/);
  bystander.kill();
  await once(bystander, "exit");
  await using again = await startHowdah({ dir: folder.path });
  assert.equal(await again.stop(), 0);
});

test("parts started beside each other share one database, and the last one to stop stops it", async () => {
  await using folder = await openFolder();
  const [front, worker] = await Promise.all([
    startHowdah({ dir: folder.path, args: ["--only=api,relay,mailbox"] }),
    // Both at once on an empty folder: one creates and migrates, the other waits.
    startHowdah({
      dir: folder.path,
      args: ["--only=worker"],
      env: { MAILBOX_URL: "http://127.0.0.1:9" },
    }),
  ]);
  assert.equal(await front.stop(), 0);
  assert.notEqual(processesOf(folder.path), "", "the worker still needs the database");
  assert.equal(await worker.stop(), 0);
  assert.equal(processesOf(folder.path), "");
});

test("all database connections cut three times over: chat and mail go on by themselves", async () => {
  await using folder = await openFolder();
  await using howdah = await startHowdah({ dir: folder.path });
  const teacher = await visit(howdah.url, howdah.tokens[0] ?? "");
  const { classId } = await classRoomOf(teacher);
  const knife = await connectTo(folder.path);
  for (const name of ["one", "two", "three"]) {
    await knife.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'howdah:%'",
    );
    await until(() => fetch(`${howdah.url}/readyz`).then((response) => response.ok));
    const invite = `mutation { inviteToClass(input: {
      classId: "${classId}", email: "${name}@school.example", name: "${name}", role: "student"
    }) { result { id } } }`;
    await until(() =>
      teacher.graphql(invite).then(
        () => true,
        () => false,
      ),
    );
    await until(async () => (await lettersTo(howdah.url, `${name}@school.example`)).length === 1, 40_000);
  }
  await knife.end();
  assert.equal(howdah.child.exitCode, null);
  assert.equal(await howdah.stop(), 0);
});

test("a signal to npm alone, which never reaches the process, leaves no process behind either", async () => {
  await using folder = await openFolder();
  const port = String(await freePort());
  const npm = spawn("npm", ["start"], {
    cwd: path.resolve(import.meta.dirname, ".."),
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: port,
      MAILBOX_PORT: "0",
      HOWDAH_DIR: folder.path,
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const chunk of npm.stdout) if (String(chunk).includes("Howdah serves")) break;
  npm.kill("SIGTERM");
  await until(() => processesOf(folder.path) === "", 10_000);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
});

test("a start that waits for another one's lock ends at a signal, too", async () => {
  await using folder = await openFolder();
  await writeFile(path.join(folder.path, "lock"), String(process.pid));
  const waiting = spawn(process.execPath, [path.resolve(import.meta.dirname, "../src/main.ts")], {
    env: { PATH: process.env.PATH, MAILBOX_PORT: "0", HOWDAH_DIR: folder.path, LOG_LEVEL: "debug" },
    stdio: "ignore",
  });
  await once(waiting, "spawn");
  await sleep(6000); // long enough to hear signals, also on a busy machine; before that the signal ends the process by itself
  waiting.kill("SIGTERM");
  const [code] = await once(waiting, "exit");
  assert.equal(code, 1);
});

test("the first signal waits for a job in flight, a second one ends the process at once", async () => {
  await using folder = await openFolder();
  const howdah = await startHowdah({ dir: folder.path });
  const [blocker, operator] = await Promise.all([connectTo(folder.path), connectTo(folder.path)]);
  await blocker.query("begin; lock table mail.letters");
  await operator.query("select queue.dispatch('mail/flush', queue => 'mail')");
  await until(async () => {
    const { rowCount } = await operator.query("select from queue.jobs where reserved_at is not null");
    return (rowCount ?? 0) >= 1;
  });
  howdah.child.kill("SIGINT");
  await sleep(700); // a second signal within half a second counts as the echo of the first
  assert.equal(howdah.child.exitCode, null);
  const second = performance.now();
  assert.equal(await howdah.stop("SIGINT"), 1);
  assert.ok(performance.now() - second < 5000);
  await Promise.all([blocker.end(), operator.end()]);
  await using again = await startHowdah({ dir: folder.path });
  assert.equal(await again.stop(), 0);
});

const refusals: { what: string; env: Record<string, string>; args?: string[]; says: RegExp }[] = [
  { what: "a port that is no number", env: { PORT: "abc" }, says: /PORT must be a whole number.*"abc"/ },
  {
    what: "a bad database URL",
    env: { DATABASE_URL: "school" },
    says: /DATABASE_URL must be a URL such as postgres:/,
  },
  {
    what: "a database that nobody serves",
    env: { DATABASE_URL: "postgres://a:b@127.0.0.1:9/x" },
    says: /No Postgres answers.*DATABASE_URL/,
  },
  { what: "an unknown word", env: { DEMO: "maybe" }, says: /DEMO must be on or off, not "maybe"/ },
  { what: "an unknown log level", env: { LOG_LEVEL: "loud" }, says: /LOG_LEVEL must be one of/ },
  { what: "a short secret", env: { JWT_SECRET: "short" }, says: /JWT_SECRET must have 32 characters/ },
  {
    what: "a part that does not exist",
    env: {},
    args: ["--only=api,cron"],
    says: /--only does not know "cron".*worker/,
  },
  { what: "an option that does not exist", env: {}, args: ["--all"], says: /--all.*Use: npm start/ },
  {
    what: "the demo on a foreign database",
    env: { DEMO: "on", DATABASE_URL: "postgres://a@b/c" },
    says: /DEMO=on seeds only/,
  },
  {
    what: "production with generated secrets",
    env: { NODE_ENV: "production", MAILBOX: "on" },
    says: /JWT_SECRET is missing/,
  },
  {
    what: "production with the mailbox as transport",
    env: { NODE_ENV: "production", JWT_SECRET: "x".repeat(32) },
    says: /POSTMARK_SERVER_TOKEN is missing.*MAILBOX=on/,
  },
];

for (const { what, env, args, says } of refusals) {
  test(`the start refuses ${what} with one sentence`, async () => {
    await using folder = await openFolder();
    await assert.rejects(startHowdah({ dir: folder.path, env, ...(args ? { args } : {}) }), (error) => {
      assert.ok(error instanceof StartFailed);
      assert.equal(error.exit, 1);
      assert.match(error.message, says);
      assert.equal(error.message.split("\n").length, 1, error.message);
      return true;
    });
  });
}

test("the start refuses a port in use with one sentence, and stops the Postgres that it had started", async () => {
  await using folder = await openFolder();
  const squatter = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => squatter.once("listening", resolve));
  const { port } = squatter.address() as { port: number };
  await assert.rejects(
    startHowdah({ dir: folder.path, env: { PORT: String(port) } }),
    /Port \d+ is in use: .*set PORT/,
  );
  squatter.close();
  assert.equal(processesOf(folder.path), "");
});

test("a mailbox in production answers no foreign name, and a wildcard origin gets no cookie", async () => {
  await using folder = await openFolder();
  const env = { NODE_ENV: "production", MAILBOX: "on", JWT_SECRET: "x".repeat(32), CORS_ORIGINS: "*" };
  await using howdah = await startHowdah({ dir: folder.path, env });
  const answer = await fetch(`${howdah.url}/healthz`, { headers: { origin: "https://evil.example" } });
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  assert.equal(answer.headers.get("access-control-allow-credentials"), null);
  assert.equal(await statusFor(howdah.mailboxUrl, "rebound.evil.example"), 421);
  assert.equal(await statusFor(howdah.mailboxUrl, "localhost:4025"), 401);
});

test("production with everything told explicitly starts with a link for the owner, without demo data and without GraphiQL", async () => {
  await using folder = await openFolder();
  const env = { NODE_ENV: "production", MAILBOX: "on", JWT_SECRET: "x".repeat(32) };
  await using howdah = await startHowdah({ dir: folder.path, env });
  const [ownerToken = "", ...others] = howdah.tokens;
  assert.deepEqual(others, []);
  assert.equal((await visit(howdah.url, ownerToken)).person.name, "Owner");
  assert.equal((await fetch(`${howdah.url}/graphiql`)).status, 404);
  assert.deepEqual(await graphqlOf(howdah.url)("{ me { id } }"), { me: null });
});

test("root in a folder that the user postgres cannot reach is told what to do", {
  skip: process.getuid?.() !== 0 && "only root lends the work to another user",
}, async () => {
  await using folder = await openFolder();
  const closed = path.join(folder.path, "closed");
  await mkdir(closed, { mode: 0o700 });
  await assert.rejects(
    startHowdah({ dir: path.join(closed, "data") }),
    /cannot reach .*: set HOWDAH_DIR to a folder/,
  );
  await chmod(closed, 0o755);
  await using open = await startHowdah({ dir: path.join(closed, "data") });
  assert.equal(await open.stop(), 0);
});

/** The status for a request that calls the server by this name; fetch cannot lie about it. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(`${url}/healthz`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once("error", reject);
  });
}

async function postmaster(dir: string): Promise<string> {
  return (await readFile(path.join(dir, "postgres", "postmaster.pid"), "utf8")).split("\n")[0] ?? "";
}

async function connectTo(dir: string): Promise<pg.Client> {
  const password = (await readFile(path.join(dir, "pgpass"), "utf8")).trim().split(":").at(-1);
  const port = (await readFile(path.join(dir, "postgres", "postmaster.pid"), "utf8")).split("\n")[3];
  const client = new pg.Client({
    connectionString: `postgres://howdah:${password}@127.0.0.1:${port}/howdah`,
  });
  await client.connect();
  return client;
}

/** The command lines that name the folder. */
function processesOf(dir: string): string {
  return spawnSync("pgrep", ["-af", dir], { encoding: "utf8" }).stdout.trim();
}
