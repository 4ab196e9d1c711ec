import { randomUUID } from "node:crypto";
import pg from "pg";
import { mintToken } from "#auth/jwt.ts";
import { migrate } from "#db/migrate.ts";
import { publishTemplates } from "#mail/templates.ts";
import { declareQueue } from "#queue/declare.ts";
import type { ServerApi } from "../realtime/processes/serve.ts";
import { Remote } from "../realtime/remote.ts";
import type { Entrant } from "../support/contestants.ts";
import type { Lifetime } from "../support/lifetime.ts";
import type { Postgres } from "../support/postgres.ts";
import { type ActionName, actions } from "./actions.ts";
import { type Data, fill } from "./data.ts";
import type { RecordedApi } from "./processes/api.ts";
import type { Statement } from "./processes/recorder.ts";

export type Contestant = Entrant & {
  /** Whether it speaks GraphQL; else the name of the action is its path. */
  graphql: boolean;
  startServer(ground: Ground): Promise<Remote<ServerApi>>;
};

/** The one database that all of them use, one after the other. */
export type Ground = { databaseUrl: string; data: Data; claims: object; token: string; pool: pg.Pool };

export const jwtSecret = "a-secret-of-the-bench-with-32-characters";

export async function openGround(life: Lifetime, postgres: Postgres): Promise<Ground> {
  const databaseUrl = await postgres.createDatabase("bench_graphql");
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  life.defer(() => pool.end());
  await migrate(pool);
  await declareQueue(pool);
  await publishTemplates(pool, "https://school.test");
  const data = await fill(pool);
  const claims = { sub: data.person, role: "authenticated" as const };
  return { databaseUrl, data, claims, token: await mintToken(claims, jwtSecret, 3600), pool };
}

export function allContestants(life: Lifetime): Contestant[] {
  const start = (script: string, options: object) =>
    Remote.fork<ServerApi>(life, new URL(`./processes/${script}`, import.meta.url), options);
  const common = { available: async () => undefined, prepare: async () => {} };
  return [
    {
      ...{ ...common, key: "howdah", name: "Howdah", graphql: true },
      about: "the part api as npm start runs it, in production: token, row-level security, all limits",
      startServer: ({ databaseUrl }) => start("api.ts", { databaseUrl, jwtSecret }),
    },
    {
      ...{ ...common, key: "howdah-two", name: "Howdah, two processes", graphql: true },
      about: "the same with SHARE_PORT=on, two processes on one port",
      startServer: ({ databaseUrl }) => start("api.ts", { databaseUrl, jwtSecret, processes: 2 }),
    },
    {
      ...{ ...common, key: "raw-same", name: "the same SQL", graphql: false },
      about:
        "node:http and pg: literally Howdah's statements, recorded, in the same transactions with role and policies, sent at once; no token, rows as they come",
      startServer: async (ground) =>
        start("same.ts", { databaseUrl: ground.databaseUrl, recorded: await recordAll(ground) }),
    },
    {
      ...{ ...common, key: "raw", name: "own SQL, no security", graphql: false },
      about:
        "node:http and pg: prepared statements of its own as the owner of the database, no token, no policies",
      startServer: ({ databaseUrl, claims }) => start("raw.ts", { databaseUrl, claims, secure: false }),
    },
    {
      ...{ ...common, key: "raw-secure", name: "own SQL, with policies", graphql: false },
      about:
        "its own statements again, each awaited: begin, set_config, statement, commit, so that the policies hold",
      startServer: ({ databaseUrl, claims }) => start("raw.ts", { databaseUrl, claims, secure: true }),
    },
  ];
}

/** What Howdah sends for each action, told by an API that is started for this and stopped. */
async function recordAll({ databaseUrl, data, token }: Ground): Promise<Record<string, Statement[]>> {
  await using life = new AsyncDisposableStack();
  const script = new URL("./processes/api.ts", import.meta.url);
  const api = await Remote.fork<RecordedApi>(life, script, { databaseUrl, jwtSecret });
  const {
    messages: [message = ""],
    rooms: [room = ""],
  } = data;
  const recorded: Record<string, Statement[]> = {};
  for (const action of Object.keys(actions) as ActionName[])
    recorded[action] = await api.call("record", action, { message, room, clientId: randomUUID() }, token);
  return recorded;
}
