import type { Scene } from "./scene.ts";

type Plan = { Filter?: string; Plans?: Plan[]; [key: string]: unknown };

/** Tables that somebody signed in reads with a sub-select that runs anew for each row: "(SubPlan 1)", not hashed. */
export async function perRowPlans(
  scene: Scene,
  tables: string[],
): Promise<{ table: string; filter: string }[]> {
  const found = [];
  for (const table of tables)
    for (const filter of await filtersOf(scene, table))
      if (/(?<!hashed )SubPlan/.test(filter)) found.push({ table, filter });
  return found;
}

async function filtersOf(scene: Scene, table: string): Promise<string[]> {
  return scene.as("student", async (client) => {
    try {
      const { rows } = await client.query(`explain (format json) select 1 from ${table}`);
      return filters(rows[0]["QUERY PLAN"][0].Plan);
    } catch {
      return []; // not theirs to read: another test says whether that is right
    }
  });
}

function filters({ Filter = "", Plans = [] }: Plan): string[] {
  return [Filter, ...Plans.flatMap(filters)];
}
