import { existsSync } from "node:fs";
import { keepCompiled } from "#lib/compile-cache.ts";

if (existsSync(".env")) process.loadEnvFile(".env");
process.env.GRAPHILE_ENV ??= "production"; // read when grafast is imported; unset, it warns at every start
keepCompiled();

const { start } = await import("#cli/start.ts");
await start(process.argv.slice(2), { startedByNpm: process.env.npm_lifecycle_event !== undefined });
