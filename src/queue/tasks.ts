import { glob } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Task } from "graphile-worker";
import { AppError } from "#errors.ts";

export type Tasks = ReadonlyMap<string, Task>;

const folder = path.resolve(import.meta.dirname, "../../tasks");

/** Every file of tasks/ by its name: tasks/mail/flush.ts is the task mail/flush. */
export async function loadTasks(from = folder): Promise<Tasks> {
  const tasks = new Map<string, Task>();
  for await (const file of glob("**/*.ts", { cwd: from })) {
    const module: { default?: unknown } = await import(pathToFileURL(path.join(from, file)).href);
    if (typeof module.default !== "function")
      throw new AppError("BadTask", `tasks/${file} must export its task as default.`);
    tasks.set(file.replace(/\.ts$/, "").split(path.sep).join("/"), module.default as Task);
  }
  return tasks;
}
