import { styleText } from "node:util";

export type PrintOptions = { quiet: boolean; verbose: boolean; colors: boolean | undefined };

type Style = Parameters<typeof styleText>[0];

/** What commands print, in the shape of Laravel's console components; errors and warnings go to standard error. */
export type Print = ReturnType<typeof createPrint>;

export function createPrint({ quiet, verbose, colors }: PrintOptions) {
  const width = () => Math.min(process.stdout.columns || 80, 150);
  const paint = (style: Style, text: string, stream: NodeJS.WriteStream = process.stdout) => {
    if (colors === undefined) return styleText(style, text, { stream });
    return colors ? styleText(style, text, { validateStream: false }) : text;
  };
  const line = (text = "") => void (quiet || process.stdout.write(`${text}\n`));
  const complain = (style: Style, title: string, text: string) =>
    void process.stderr.write(`\n  ${paint(style, ` ${title} `, process.stderr)} ${ended(text)}\n\n`);
  const dots = (count: number) => paint("gray", ".".repeat(Math.max(count, 0)));
  return {
    verbose,
    paint,
    line,
    width,
    info: (text: string) => line(`\n  ${paint(["bgBlue", "white"], " INFO ")} ${ended(text)}\n`),
    warn: (text: string) => complain(["bgYellow", "black"], "WARN", text),
    error: (text: string) => complain(["bgRed", "white"], "ERROR", text),
    /** Two columns with dots between. */
    detail: (left: string, right: string, { style }: { style?: Style } = {}) => {
      const space = width() - left.length - right.length - 6;
      line(`  ${left} ${dots(space)} ${style ? paint(style, right) : right}`);
    },
    /** A line that begins before the work and ends after it; false is FAIL. */
    task: async (name: string, work: () => Promise<boolean>): Promise<boolean> => {
      const since = performance.now();
      if (!quiet) process.stdout.write(`  ${name} `);
      let done = false;
      try {
        done = await work();
      } finally {
        const took = ` ${runTime(performance.now() - since)}`;
        const verdict = done ? paint(["green", "bold"], "DONE") : paint(["red", "bold"], "FAIL");
        line(`${dots(width() - name.length - took.length - 10)}${paint("gray", took)} ${verdict}`);
      }
      return done;
    },
    table: (head: readonly string[], rows: readonly (readonly string[])[]) => {
      const [titles = "", ...lines] = aligned([head, ...rows]);
      line(`\n  ${paint("gray", titles)}`);
      for (const each of lines) line(`  ${each}`);
      line();
    },
    /** What was asked for as JSON is printed however quiet it is. */
    json: (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`),
  };
}

/** The first column to the left, numbers and all else to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  const pad = (cell: string, i: number) =>
    i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0);
  return rows.map((row) => row.map(pad).join("  "));
}

/** As Laravel: 12.34ms, 3s, 1m 5s. */
export function runTime(ms: number): string {
  if (ms <= 1000) return `${ms.toFixed(2)}ms`;
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.flatMap((part, i) => (part > 0 ? [`${part}${"hms"[i]}`] : [])).join(" ");
}

/** 5 seconds, 1 minute, 3 days. */
export function span(seconds: number): string {
  const units = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ] as const;
  const [size, unit] = units.find(([size]) => seconds >= size) ?? [1, "second"];
  return counted(Math.floor(Math.max(seconds, 0) / size), unit);
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function ended(text: string): string {
  return /[.?!:]$/.test(text) ? text : `${text}.`;
}
