import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * What is imported from here on is kept in compiled form for the next start, which then takes half the time. Beside the
 * packages, where only those who may change the program can write; where nobody can, nothing is kept.
 */
export function keepCompiled(): void {
  enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/howdah", import.meta.url)));
}
