import type pg from "pg";
import { type Howdah, openFolder, startHowdah } from "../support/process.ts";
import { openWorld } from "../support/world.ts";

export type Post = AsyncDisposable & {
  howdah: Howdah;
  pool: pg.Pool;
  /** The one value of a statement. */
  // biome-ignore lint/suspicious/noExplicitAny: the values are what the tests look into
  value(text: string, ...values: unknown[]): Promise<any>;
  /** Somebody with an address, and their id. */
  person(address: string, locale?: string): Promise<string>;
  /** Puts a letter in the outbox; its token. */
  letter(letter: { to: string; personId?: string; category?: string; locale?: string }): Promise<string>;
  /** Asks the server as a browser without script would; forms are posted as `application/x-www-form-urlencoded`. */
  ask(path: string, form?: Record<string, string> | FormData): Promise<Response & { page: string }>;
};

/** A real server on a fresh database, with nobody who sends its letters. */
export async function openPost(): Promise<Post> {
  await using opening = new AsyncDisposableStack();
  const world = opening.use(await openWorld());
  const folder = opening.use(await openFolder());
  const env = { DATABASE_URL: world.databaseUrl, JWT_SECRET: world.jwtSecret };
  const howdah = opening.use(await startHowdah({ dir: folder.path, env, args: ["--only=api"] }));
  const value: Post["value"] = async (text, ...values) =>
    Object.values((await world.pool.query(text, values)).rows[0] ?? {})[0];
  const opened = opening.move();
  return {
    howdah,
    pool: world.pool,
    value,
    async person(address, locale) {
      const id = await value("select (app.find_or_create_person($1, 'Ani')).id", address);
      if (locale) await value("update app.people set locale = $2 where id = $1", id, locale);
      return id;
    },
    async letter({ to, personId = null, category = "event", locale = null }) {
      const id = await value(
        `select mail.enqueue('notification', $1, '{"personName": "Ani", "title": "Sports day", "body": "Come!", "path": "/events"}',
           gen_random_uuid()::text, person_id => $2, category => $3, locale => $4)`,
        ...[to, personId, category, locale],
      );
      return value("select unsubscribe_token from mail.letters where id = $1", id);
    },
    async ask(path, form) {
      const body = form instanceof FormData ? form : form && new URLSearchParams(form);
      const response = await fetch(`${howdah.url}${path}`, {
        ...(body && { method: "POST", body }),
        redirect: "manual",
        headers: { origin: "null" },
      });
      return Object.assign(response, { page: await response.text() });
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
