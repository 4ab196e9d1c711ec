import * as v from "valibot";
import { decrypt } from "#queue/encryption.ts";
import type { Envelope } from "#queue/envelope.ts";
import { Fail } from "#queue/errors.ts";
import type { Task } from "#queue/task.ts";

/** The data of a job as its task's schema makes it. Throws Fail with every reason why it is not valid. */
export function payloadOf(task: Task, name: string, { data, encrypted }: Envelope): unknown {
  const result = v.safeParse(task.payload, unlessEmpty(task, encrypted ? decrypt(data) : data));
  if (result.success) return result.output;
  throw new Fail(`The payload of ${name} is not valid: ${explain(result.issues)}`);
}

/** PHP knows one empty thing for lists and objects. */
function unlessEmpty(task: Task, data: unknown): unknown {
  return Array.isArray(data) && data.length === 0 && !v.is(task.payload, data) ? {} : data;
}

function explain(issues: v.BaseIssue<unknown>[]): string {
  return issues
    .slice(0, 5)
    .map((issue) => `${v.getDotPath(issue) ?? "it"}: ${issue.message}`)
    .join("; ");
}
