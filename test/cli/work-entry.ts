import { work } from "#cli/work.ts";

await work(process.argv.slice(2));
