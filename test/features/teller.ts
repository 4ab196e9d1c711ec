// A process that works off jobs, to be killed by a test: node teller.ts <database url>
import { productTasks } from "#queue/tasks.ts";
import { Worker } from "#queue/worker.ts";

const [databaseUrl = ""] = process.argv.slice(2);
await new Worker({ databaseUrl, tasks: await productTasks(), schedule: false }).start();
