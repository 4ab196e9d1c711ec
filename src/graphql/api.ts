import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { type PostGraphileInstance, postgraphile } from "postgraphile";
import { grafserv } from "postgraphile/grafserv/fastify/v5";
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from "postgraphile/graphql";
import { openVerifier } from "#auth/jwt.ts";
import { AppError, codeOf, messageOf } from "#errors.ts";
import { knowing } from "#graphql/known-tokens.ts";
import { mountOn } from "#graphql/mount.ts";
import { type GraphqlSettings, presetFor } from "#graphql/preset.ts";
import { checkOperations, readOperations } from "#graphql/read-operations.ts";
import { type GraphqlSockets, openSockets } from "#graphql/sockets.ts";

export type Graphql = AsyncDisposable & {
  schema: GraphQLSchema;
  /** Adds POST /graphql and, unless in production, GraphiQL at /graphiql. */
  addTo(fastify: FastifyInstance): Promise<void>;
  /** Takes over websocket handshakes at /graphql. */
  sockets: GraphqlSockets;
};

/**
 * The GraphQL API of the database. Throws AppError `ApiNotBuilt` when two things in the database would get one name in
 * the API. The pool stays the caller's to end.
 */
export async function createGraphql(settings: GraphqlSettings): Promise<Graphql> {
  const { pool, persistedOperations: folder } = settings;
  const operations = folder === undefined ? undefined : await readOperations(folder);
  const verify = knowing(openVerifier(settings.jwtSecret, settings.foreignKeys));
  const exposed = { schemas: await exposedSchemas(pool), operations };
  const instance = postgraphile(presetFor(settings, verify, exposed));
  const schema = await buildSchema(instance);
  if (operations) checkOperations(operations, schema);
  const server = instance.createServ(grafserv);
  await server.ready();
  const sockets = openSockets(server, verify, {
    ...{ connections: 10_000, operations: 100, operationsPerSecond: 500 },
    ...settings.sockets,
  });
  let released: Promise<void> | undefined;
  return {
    schema,
    sockets,
    addTo: (fastify) => mountOn(fastify, server),
    async [Symbol.asyncDispose]() {
      released ??= Promise.resolve(sockets[Symbol.asyncDispose]()).then(() => instance.release());
      await released;
    },
  };
}

/** The schema as text, in an order that does not depend on the database. */
export function printGraphqlSchema(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

async function exposedSchemas(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ nspname: string }>(
    "select nspname from pg_namespace where obj_description(oid, 'pg_namespace') like '@howdah @api%' order by nspname",
  );
  return rows.map(({ nspname }) => nspname);
}

async function buildSchema(instance: PostGraphileInstance): Promise<GraphQLSchema> {
  try {
    return await instance.getSchema();
  } catch (cause) {
    if (codeOf(cause) !== undefined) throw cause; // the database's own trouble
    throw notBuilt(cause);
  }
}

function notBuilt(cause: unknown): AppError {
  const reason = messageOf(cause).replace(/\s+/g, " ");
  const cure = "rename one of the two, or give it another name in its SQL comment (@name other_name)";
  return new AppError(
    "ApiNotBuilt",
    `The GraphQL API cannot be made of this database: ${reason} Cure: ${cure}.`,
    { cause },
  );
}
