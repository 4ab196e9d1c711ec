import { openWorld } from "/work/main/test/support/world.ts";
import { openPool } from "/work/main/src/db/pool.ts";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
import { PgSimplifyInflectionPreset } from "@graphile/simplify-inflection";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";
import { printSchema } from "postgraphile/graphql";
await using w = await openWorld();
const pool = openPool(w.databaseUrl, "gql", { role: "howdah_api" });
const pgl = postgraphile({ extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset, PostGraphileConnectionFilterPreset],
 disablePlugins: ["NodePlugin","SwallowErrorsPlugin","PgConditionArgumentPlugin","PgConditionCustomFieldsPlugin","QueryQueryPlugin","PgMutationPayloadEdgePlugin"],
 plugins: [{ name: "PlainId", version: "0", inflection: { replace: { _attributeName: (prev: any, _o: any, d: any) => prev!({ ...d, skipRowId: true }) } } } as any],
 gather: { pgStrictFunctions: true },
 pgServices: [makePgService({ pool, schemas: ["app","chat"] })] });
const s = await pgl.getSchema();
console.log(printSchema(s));
await pgl.release();
await pool.end();
