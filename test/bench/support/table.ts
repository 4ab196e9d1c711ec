/** Prints a table that is aligned in a terminal and a table in Markdown. */
export function printTable(title: string, head: string[], rows: string[][]): void {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(" | ")} |`;
  const rule = widths.map((width, column) => (column ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  console.log(`\n${title}\n\n${[head, rule, ...rows].map(line).join("\n")}`);
}

function pad(cell: string, width: number, column: number): string {
  return column ? cell.padStart(width) : cell.padEnd(width);
}

export function whole(rate: number | undefined): string {
  return rate === undefined || Number.isNaN(rate) ? "–" : Math.round(rate).toLocaleString("en");
}

export function milliseconds(ms: number | undefined): string {
  if (ms === undefined || Number.isNaN(ms)) return "–";
  return ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en");
}

/** For times of which a tenth of a millisecond is a good part. */
export function hundredths(ms: number | undefined): string {
  return ms === undefined || Number.isNaN(ms) || ms >= 10 ? milliseconds(ms) : ms.toFixed(2);
}

/** A share of 1; above 100 % where more than one core was used. */
export function percent(share: number | undefined): string {
  return share === undefined || Number.isNaN(share) ? "–" : `${Math.round(share * 100)} %`;
}

/** How many times Howdah's number this one is. */
export function ratio(value: number | undefined, ofHowdah: number | undefined): string {
  if (value === undefined || ofHowdah === undefined || Number.isNaN(value / ofHowdah)) return "–";
  const times = value / ofHowdah;
  return `${times < 10 ? times.toFixed(2) : Math.round(times)}×`;
}
