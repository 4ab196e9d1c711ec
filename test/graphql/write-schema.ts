import { writeFile } from "node:fs/promises";
import { currentSchema, schemaFile } from "./current-schema.ts";

await writeFile(schemaFile, await currentSchema());
