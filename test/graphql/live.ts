import { once } from "node:events";
import { type Client, createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { mintToken } from "#auth/jwt.ts";
import type { School } from "./school.ts";

export type Told = {
  id: string;
  seq: string;
  event: string;
  payload: Record<string, unknown>;
  bytes: string;
};

/** One subscription: what came, and how it ended. */
export type Hearing = {
  /** Resolves when so many have come. */
  heard(count: number): Promise<Told[]>;
  /** Codes of the errors it ended with; none when it was completed. */
  ended: Promise<string[]>;
  stop(): void;
};

export const topicQuery = `subscription ($name: String!, $private: Boolean, $after: BigInt) {
  topic(name: $name, private: $private, after: $after) { id seq event payload bytes }
}`;

/** The graphql-ws client as it is, with a token of that person. */
export async function connect(school: School, person: string | undefined, lifetime = 900): Promise<Client> {
  const { jwtSecret } = school.world;
  const token = person && (await mintToken({ sub: person, role: "authenticated" }, jwtSecret, lifetime));
  return createClient({
    url: `${school.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: () => {},
    ...(token && { connectionParams: { authorization: `Bearer ${token}` } }),
  });
}

export function hear(client: Client, variables: Record<string, unknown>): Hearing {
  const told: Told[] = [];
  const changed = new EventTarget();
  const ended = Promise.withResolvers<string[]>();
  const stop = client.subscribe<{ topic: Told }>(
    { query: topicQuery, variables },
    {
      next: ({ data, errors }) => {
        if (errors) return ended.resolve(errors.map(({ extensions }) => String(extensions?.code)));
        if (data) told.push(data.topic);
        changed.dispatchEvent(new Event("told"));
      },
      error: (errors) => ended.resolve(codesOf(errors)),
      complete: () => ended.resolve([]),
    },
  );
  return {
    ended: ended.promise,
    stop,
    async heard(count) {
      while (told.length < count) await Promise.race([once(changed, "told"), ended.promise.then(give)]);
      return told;
    },
  };

  function give(codes: string[]): never {
    throw new Error(`ended with ${codes.join() || "nothing"} after ${told.length}`);
  }
}

/** Of the errors of an operation; of a close, its code. */
function codesOf(errors: unknown): string[] {
  if (Array.isArray(errors)) return errors.map(({ extensions }) => String(extensions?.code));
  return [String((errors as { code?: unknown }).code)];
}

export async function send(school: School, topic: string, body: object, isPrivate = true): Promise<void> {
  await school.world.pool.query("select realtime.send($1, 'said', $2, $3)", [
    ...[JSON.stringify(body), topic, isPrivate],
  ]);
}
