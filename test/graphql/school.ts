import { randomUUID } from "node:crypto";
import fastify from "fastify";
import { mintToken } from "#auth/jwt.ts";
import { openPool } from "#db/pool.ts";
import { createGraphql } from "#graphql/api.ts";
import type { Allowed } from "#graphql/preset.ts";
import type { SocketLimits } from "#graphql/sockets.ts";
import { acceptSockets } from "#http/upgrade.ts";
import { Listening } from "#realtime/listening/listening.ts";
import { openWorld, type World } from "../support/world.ts";

export type Answer = {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are as different as the queries
  data: any;
  errors: { message: string; path?: unknown[]; extensions: Record<string, unknown> }[];
  text: string;
};

export type School = AsyncDisposable & {
  world: World;
  url: string;
  classId: string;
  roomId: string;
  /** Person ids; tutor teaches the class, sam is its student, stranger has no class. */
  people: { owner: string; tutor: string; sam: string; stranger: string };
  as(person: string | undefined): (query: string, variables?: object) => Promise<Answer>;
  post(body: string, headers?: Record<string, string>): Promise<Answer>;
  /** Replaces what happens when a mutation has committed. */
  onWake(wake: () => void): void;
};

export type SchoolOptions = Partial<Allowed> & {
  production?: boolean;
  sockets?: SocketLimits;
  /** Bytes that wait for one subscriber at most. */
  unsentBytes?: number;
};

/** A class with its room on a real HTTP server. */
export async function openSchool(options: SchoolOptions = {}): Promise<School> {
  const { production = false, unsentBytes = 1_000_000, ...settings } = options;
  await using opening = new AsyncDisposableStack();
  const world = opening.use(await openWorld());
  const pool = openPool(world.databaseUrl, "api", { role: "howdah_api" });
  opening.defer(() => pool.end());
  let wake = () => {};
  const { jwtSecret } = world;
  const stormy = Object.assign(() => wake(), { by: () => "caller" as const });
  const topics = opening.use(new Listening({ databaseUrl: world.databaseUrl, unsentBytes }));
  const graphql = opening.use(
    await createGraphql({ ...settings, pool, jwtSecret, wake: stormy, production, topics }),
  );
  const server = fastify({ forceCloseConnections: true });
  acceptSockets(server, { relay: undefined, graphql: graphql.sockets });
  await graphql.addTo(server);
  const url = await server.listen({ port: 0, host: "127.0.0.1" });
  opening.defer(() => server.close());
  const fixtures = await enrol(world);
  const post = (body: string, headers: Record<string, string> = {}) =>
    postTo(`${url}/graphql`, body, headers);
  const opened = opening.move();
  return {
    world,
    url,
    ...fixtures,
    post,
    as: (person) => async (query, variables) => {
      const body = JSON.stringify({ query, variables });
      return post(body, person ? await bearer(person, jwtSecret) : {});
    },
    onWake: (replacement) => {
      wake = replacement;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

export async function bearer(sub: string, secret: string, lifetime = 900): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await mintToken({ sub, role: "authenticated" }, secret, lifetime)}` };
}

async function postTo(url: string, body: string, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  const text = await response.text();
  const { data, errors = [] } = JSON.parse(text) as Partial<Answer>;
  return { status: response.status, data, errors, text };
}

async function enrol({ pool }: World): Promise<Pick<School, "classId" | "roomId" | "people">> {
  const one = async (sql: string, values: unknown[] = []): Promise<string> =>
    (await pool.query<{ id: string }>(sql, values)).rows[0]?.id ?? "";
  const person = (name: string) => one("insert into app.people (name) values ($1) returning id", [name]);
  const classId = await one("select (app.create_class('Biology', 'ada@school.example', 'Ada')).id");
  const roomId = await one("select id from chat.rooms where group_id = $1", [classId]);
  const owner = await one("select person_id as id from app.memberships where group_id = $1", [classId]);
  const [tutor, sam, stranger] = [await person("Tutor"), await person("Sam"), await person("Stranger")];
  await pool.query(
    "insert into app.memberships (group_id, person_id, role) values ($1, $2, 'teacher'), ($1, $3, 'student')",
    [classId, tutor, sam],
  );
  return { classId, roomId, people: { owner, tutor, sam, stranger } };
}

export const sendMessage = `mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) { result { id seq body clientId createdAt sender { id name } } }
}`;

export const inviteToClass = `mutation Invite($input: InviteToClassInput!) {
  inviteToClass(input: $input) { result { id role person { id name } } }
}`;

export function message(roomId: string, body: string, clientId: string = randomUUID()) {
  return { input: { roomId, body, clientId } };
}
