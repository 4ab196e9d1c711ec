import type { Command } from "#cli/command.ts";

/** All commands, by what stands before their colon. */
export function list(commands: Readonly<Record<string, Command>>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  const lines = Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(width)}${about}`);
  return `howdah <command> [arguments] [options]

${lines.join("\n")}

  howdah help <command> shows its arguments and options. All take --quiet, --verbose, --no-interaction, --ansi, --no-ansi.
  Exit codes: 0 done, 1 the answer is no, 2 it could not be asked (usage, settings, no database).
`;
}

export function help(name: string, { about, takes = [], options = {} }: Command): string {
  const rows = Object.entries(options).map(([option, { type, value, about, default: given }]) => [
    `--${option}${type === "string" ? `=${value ?? "…"}` : ""}`,
    given === undefined ? about : `${about} (${given})`,
  ]);
  const width = Math.max(...rows.map(([left = ""]) => left.length), 0) + 2;
  const lines = rows.map(([left = "", right]) => `  ${left.padEnd(width)}${right}\n`);
  const usage = ["howdah", name, ...takes.map(argument), ...(rows.length > 0 ? ["[options]"] : [])].join(" ");
  return `${usage}\n\n  ${about}\n${lines.length > 0 ? `\n${lines.join("")}` : ""}`;
}

function argument(text: string): string {
  const name = text.replace(/[?+*]$/, "");
  return { "?": `[${name}]`, "*": `[${name}...]`, "+": `<${name}...>` }[text.at(-1) ?? ""] ?? `<${name}>`;
}
