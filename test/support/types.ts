import { spawnSync } from "node:child_process";
import { openWorld } from "./world.ts";

export const typesFile = "src/db/types.ts";

/** Runs kysely-codegen over a fresh database; with `--verify` it only says whether the committed types are current. */
export async function generateTypes(
  ...options: string[]
): Promise<{ status: number | null; output: string }> {
  await using world = await openWorld();
  const { status, stdout, stderr } = spawnSync(
    "kysely-codegen",
    [
      ...["--url", world.databaseUrl, "--dialect", "postgres", "--out-file", typesFile],
      ...["--include-pattern", "!(graphile_worker|howdah|public).*", ...options],
    ],
    { encoding: "utf8" },
  );
  return { status, output: stdout + stderr };
}

if (import.meta.main) {
  const { status, output } = await generateTypes();
  process.stdout.write(output);
  process.exit(status ?? 1);
}
