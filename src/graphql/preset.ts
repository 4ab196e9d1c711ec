import { PgSimplifyInflectionPreset } from "@graphile/simplify-inflection";
import type pg from "pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";
import type { ForeignKeys } from "#auth/foreign-keys.ts";
import { openVerifier } from "#auth/jwt.ts";
import type { Wake } from "#db/wake.ts";
import { settingsOfRequest } from "#graphql/context.ts";
import { authenticated } from "#graphql/plugins/authenticated.ts";
import { cappedLists } from "#graphql/plugins/capped-lists.ts";
import { limitedQueries } from "#graphql/plugins/limited-queries.ts";
import { plainNames } from "#graphql/plugins/plain-names.ts";
import { shownErrors } from "#graphql/plugins/shown-errors.ts";
import { wokenRelays } from "#graphql/plugins/woken-relays.ts";
import { maskUnexpected } from "#graphql/shown-error.ts";

export type GraphqlSettings = {
  /** Connections that run as `howdah_api`. */
  pool: pg.Pool;
  jwtSecret: string;
  /** Tokens signed with these keys are taken too. */
  foreignKeys?: ForeignKeys | undefined;
  /** Announces each mutation. */
  wake: Wake;
  production: boolean;
};

/** What the database says of itself: its schemas whose comment begins with `@howdah @api`, of which what is granted is shown. */
export type Exposed = { schemas: string[] };

export const paths = { graphql: "/graphql", graphiql: "/graphiql", graphiqlFiles: "/graphiql/static/" };

/** How PostGraphile makes the API out of the database. */
export function presetFor(
  { pool, jwtSecret, foreignKeys, wake, production }: GraphqlSettings,
  { schemas }: Exposed,
): GraphileConfig.Preset {
  return {
    extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset, PostGraphileConnectionFilterPreset],
    disablePlugins: superfluousPlugins,
    plugins: [
      plainNames(schemas),
      cappedLists(),
      authenticated(openVerifier(jwtSecret, foreignKeys)),
      limitedQueries(),
      shownErrors(),
      wokenRelays(wake),
    ],
    pgServices: [makePgService({ pool, schemas, pubsub: false })],
    gather: { pgStrictFunctions: true },
    grafast: {
      context: ({ claims }) => ({ pgSettings: settingsOfRequest(claims) }),
      timeouts: { planning: 3_000 },
    },
    grafserv: {
      graphqlPath: paths.graphql,
      graphiql: !production,
      graphiqlPath: paths.graphiql,
      graphiqlStaticPath: paths.graphiqlFiles,
      graphiqlOnGraphQLGET: false,
      websockets: false,
      maxRequestLength: 100_000,
      maskError: maskUnexpected,
    },
  };
}

const superfluousPlugins = [
  "NodePlugin",
  // It would turn a naming clash into a missing field; the start must fail instead.
  "SwallowErrorsPlugin",
  // `filter` says all that `condition` could.
  "PgConditionArgumentPlugin",
  "PgConditionCustomFieldsPlugin",
  // "Rooms of which some message ..." may be asked to any depth, each a join.
  "PgConnectionArgFilterBackwardRelationsPlugin",
  "PgMutationPayloadEdgePlugin",
  "QueryQueryPlugin",
];
