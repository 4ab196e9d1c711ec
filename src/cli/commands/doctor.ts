import { command } from "#cli/command.ts";
import type { Print } from "#cli/print.ts";

type Finding = { check: string; status: "ok" | "warning" | "error"; finding: string; cure: string | null };

const styles = { ok: "green", warning: "yellow", error: "red" } as const;

export const doctor = command({
  about:
    "Check the queue: time limits, workers, indexes, locks, unknown tasks, vacuum; each finding with its cure",
  options: { json: { type: "boolean", about: "as JSON" } },
  async run({ db, print, values }) {
    const findings = await db.rows<Finding>(
      'select name as "check", status, finding, cure from queue.doctor()',
    );
    if (values.json) print.json(findings);
    else show(print, findings);
    return findings.some(({ status }) => status === "error") ? 1 : 0;
  },
});

function show(print: Print, findings: readonly Finding[]): void {
  print.line();
  for (const { check, status, finding, cure } of findings) {
    print.detail(check, status.toUpperCase(), { style: styles[status] });
    if (status === "ok") continue;
    print.line(`    ${finding}`);
    if (cure !== null) print.line(`    ${print.paint("gray", `Cure: ${cure}`)}`);
  }
  print.line();
}
