import path from "node:path";
import { openPool } from "#db/pool.ts";
import { createGraphql, printGraphqlSchema } from "#graphql/api.ts";
import { openWorld } from "../support/world.ts";

export const schemaFile = path.resolve(import.meta.dirname, "../../src/graphql/schema.graphql");

/** The schema that a freshly migrated database gives. */
export async function currentSchema(): Promise<string> {
  await using world = await openWorld();
  const pool = openPool(world.databaseUrl, "schema", { max: 2, role: "howdah_api" });
  try {
    await using graphql = await createGraphql({
      pool,
      jwtSecret: world.jwtSecret,
      wake: Object.assign(() => {}, { by: () => "commit" as const }),
      production: true,
    });
    return printGraphqlSchema(graphql.schema);
  } finally {
    await pool.end();
  }
}
