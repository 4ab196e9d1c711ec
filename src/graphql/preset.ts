import { PgSimplifyInflectionPreset } from "@graphile/simplify-inflection";
import type pg from "pg";
import type { GraphQLError, GraphQLFormattedError } from "postgraphile/graphql";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";
import type { ForeignKeys } from "#auth/foreign-keys.ts";
import type { Verifier } from "#auth/jwt.ts";
import type { Wake } from "#db/wake.ts";
import { settingsOfRequest } from "#graphql/context.ts";
import { authenticated } from "#graphql/plugins/authenticated.ts";
import { cappedLists } from "#graphql/plugins/capped-lists.ts";
import { checkedInput } from "#graphql/plugins/checked-input.ts";
import { defaultOrder } from "#graphql/plugins/default-order.ts";
import { describedFields } from "#graphql/plugins/described-fields.ts";
import { limitedQueries } from "#graphql/plugins/limited-queries.ts";
import { liveTopics } from "#graphql/plugins/live-topics.ts";
import { type KnownOperations, persistedOperations } from "#graphql/plugins/persisted-operations.ts";
import { plainNames } from "#graphql/plugins/plain-names.ts";
import { pricedQueries } from "#graphql/plugins/priced-queries.ts";
import { shownErrors } from "#graphql/plugins/shown-errors.ts";
import { wokenRelays } from "#graphql/plugins/woken-relays.ts";
import { pgServiceOn } from "#graphql/postgres/service.ts";
import { maskUnexpected } from "#graphql/shown-error.ts";
import type { SocketLimits } from "#graphql/sockets.ts";
import type { Topics } from "#graphql/topics.ts";

export type GraphqlSettings = {
  /** Connections that run as `howdah_api`. */
  pool: pg.Pool;
  jwtSecret: string;
  /** Tokens signed with these keys are taken too. */
  foreignKeys?: ForeignKeys | undefined;
  /** Announces each mutation. */
  wake: Wake;
  production: boolean;
  /** What subscriptions listen to. */
  topics?: Topics | undefined;
  sockets?: SocketLimits;
} & Partial<Allowed>;

/** What clients may ask. */
export type Allowed = {
  /** Whether they may ask for the schema; unless in production. */
  introspection: boolean;
  maxDepth: number;
  /** Objects that one operation may read. */
  maxCost: number;
  /** A folder of operations known by their names. */
  persistedOperations: string | undefined;
  persistedOnly: boolean;
};

/**
 * Of the database: its schemas whose comment begins with `@howdah @api`, of which what is granted is shown. Of the folder:
 * the operations in it.
 */
export type Exposed = { schemas: string[]; operations?: KnownOperations | undefined };

export const paths = { graphql: "/graphql", graphiql: "/graphiql", graphiqlFiles: "/graphiql/static/" };

/** How PostGraphile makes the API out of the database. */
export function presetFor(
  settings: GraphqlSettings,
  verify: Verifier,
  { schemas, operations }: Exposed,
): GraphileConfig.Preset {
  const { pool, wake, production } = settings;
  const { introspection = !production, maxDepth = 12, maxCost = 50_000, persistedOnly = false } = settings;
  const mask = introspection ? maskUnexpected : withoutHints;
  return {
    extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset, PostGraphileConnectionFilterPreset],
    disablePlugins: superfluousPlugins,
    plugins: [
      plainNames(schemas),
      cappedLists(),
      defaultOrder(),
      authenticated(verify),
      ...(operations ? [persistedOperations(operations, persistedOnly)] : []),
      limitedQueries({ maxDepth, introspection }),
      shownErrors(mask),
      describedFields(),
      checkedInput(),
      liveTopics(settings.topics),
      pricedQueries(maxCost),
      wokenRelays(wake),
    ],
    pgServices: [pgServiceOn(pool, schemas)],
    gather: { pgStrictFunctions: true },
    // Nor do lists of tables hold a null: in each entry that may be one, Grafast would look whether it is.
    schema: { pgForbidSetofFunctionsToReturnNull: true },
    grafast: {
      context: ({ claims }) => ({ claims, pgSettings: settingsOfRequest(claims) }),
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
      graphqlOverGET: true,
      maskError: mask,
    },
  };
}

/** "Did you mean" tells names of the schema. */
function withoutHints(error: GraphQLError | GraphQLFormattedError): GraphQLError {
  const shown = maskUnexpected(error);
  shown.message = shown.message.replace(/ Did you mean .*\?$/s, "");
  return shown;
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
