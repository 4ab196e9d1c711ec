import { glob } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "#errors.ts";
import { isObject } from "#lib/is-object.ts";
import type { Task } from "#queue/task.ts";

/** Tasks by name. */
// biome-ignore lint/suspicious/noExplicitAny: a map of tasks of many payloads has no narrower type
export type Tasks = ReadonlyMap<string, Task<any>>;

const folder = path.resolve(import.meta.dirname, "../../tasks");

let product: Promise<Tasks> | undefined;

/** Every file of tasks/ by its name: tasks/mail/flush.ts is the task mail/flush. Read once. */
export function productTasks(): Promise<Tasks> {
  product ??= loadTasks(folder);
  return product;
}

/** Throws AppError `BadTask` for a file that exports no task. */
export async function loadTasks(from: string): Promise<Tasks> {
  const tasks = new Map<string, Task>();
  for await (const file of glob("**/*.ts", { cwd: from })) {
    const url = pathToFileURL(path.join(from, file)).href;
    const name = file.replace(/\.ts$/, "").split(path.sep).join("/");
    tasks.set(name, { ...(await loadTask(url)), file: url });
  }
  return tasks;
}

export async function loadTask(url: string): Promise<Task> {
  const { default: task }: { default?: unknown } = await import(url);
  if (!isObject(task) || typeof task.run !== "function" || !isObject(task.options))
    throw new AppError("BadTask", `${url} must export default task({ payload, run }) of #queue/task.ts.`);
  return task as unknown as Task;
}

/** All names under which jobs of these tasks may come. */
export function namesOf(tasks: Tasks): string[] {
  return [...tasks].flatMap(([name, { options }]) => [name, ...(options.aliases ?? [])]);
}

/** Finds a task by its name or one of its aliases. */
export function taskNamed(tasks: Tasks, name: string): { name: string; task: Task } | undefined {
  const task = tasks.get(name);
  if (task) return { name, task };
  for (const [canonical, candidate] of tasks)
    if (candidate.options.aliases?.includes(name)) return { name: canonical, task: candidate };
  return undefined;
}
