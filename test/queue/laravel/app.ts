import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { World } from "../../support/world.ts";

const script = path.join(import.meta.dirname, "artisan");

/** Why there can be no Laravel here; undefined if there can. */
export const missing: string | undefined = whatIsMissing();

function whatIsMissing(): string | undefined {
  const code = 'exit(extension_loaded("pdo_pgsql") ? ((@include "Illuminate/autoload.php") ? 0 : 3) : 2);';
  const { status, error } = spawnSync("php", ["-r", code]);
  if (error) return "php is not installed (php-cli)";
  if (status === 2) return "PHP cannot talk to Postgres (php-pgsql)";
  return status === 0 ? undefined : "there is no Laravel (php-laravel-framework)";
}

export type Ran = { side: string; what: string; data: unknown };

/** A Laravel app whose login has no right but those of howdah_laravel, and tables of its own in the schema public. */
export class LaravelApp implements AsyncDisposable {
  readonly role = `laravel_${randomBytes(4).toString("hex")}`;
  readonly url: string;
  readonly #world: World;
  readonly #folder: string;

  private constructor(world: World, folder: string) {
    const url = new URL(world.databaseUrl);
    url.username = this.role;
    url.password = "secret";
    this.url = url.href;
    this.#world = world;
    this.#folder = folder;
  }

  static async open(world: World): Promise<LaravelApp> {
    const app = new LaravelApp(world, await mkdtemp(path.join(os.tmpdir(), "laravel-")));
    await world.pool.query(`
      create role ${app.role} login password 'secret' in role howdah_laravel;
      create table public.ran (id bigint generated always as identity, side text, what text, data json);
      create table public.mended (at timestamptz);
      create table public.people (id bigint primary key);
      insert into public.people values (7);
      grant all on public.ran, public.mended, public.people to ${app.role};`);
    return app;
  }

  /** What the command prints; throws when it fails. */
  artisan(command: string, env: Record<string, string> = {}): Promise<string> {
    return this.#run(command.split(" "), env);
  }

  /** Runs PHP inside the app. */
  php(code: string): Promise<string> {
    return this.#run(["run", code], {});
  }

  /** Works until nothing is left. */
  async workOff(options = "", env: Record<string, string> = {}): Promise<void> {
    await this.artisan(`queue:work --stop-when-empty --sleep=0 ${options}`.trim(), env);
  }

  /** A worker process of Laravel's that goes on until it is disposed, which kills it. */
  work(options = "", env: Record<string, string> = {}): ChildProcess & AsyncDisposable {
    const args = ["queue:work", "--sleep=0.05", ...options.split(" ").filter(Boolean)];
    const worker = spawn("php", [script, ...args], { env: this.#env(env), stdio: "ignore" });
    return Object.assign(worker, { [Symbol.asyncDispose]: () => kill(worker) });
  }

  /** What ran, on either side, in the order in which it did. */
  async ran(): Promise<Ran[]> {
    const { rows } = await this.#world.pool.query("select side, what, data from public.ran order by id");
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
    await this.#world.pool.query(`drop owned by ${this.role}; drop role ${this.role}`);
  }

  #run(args: string[], env: Record<string, string>): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile("php", [script, ...args], { env: this.#env(env) }, (error, stdout, stderr) =>
        error ? reject(new Error(`artisan ${args.join(" ")}: ${stdout}${stderr}`)) : resolve(stdout),
      );
    });
  }

  #env(env: Record<string, string>) {
    const DATABASE_URL = `${this.url}${process.env.LARAVEL_URL_OPTIONS ?? "?schema[0]=laravel&schema[1]=public"}`;
    return { PATH: process.env.PATH, DATABASE_URL, CACHE_DIR: this.#folder, ...env };
  }
}

async function kill(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill("SIGKILL");
  await once(worker, "exit");
}
