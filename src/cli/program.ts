import { existsSync } from "node:fs";
import { type Command, parseCommand } from "#cli/command.ts";
import { commands } from "#cli/commands.ts";
import { connect } from "#cli/connect.ts";
import { explain } from "#cli/explain.ts";
import { help, list } from "#cli/help.ts";
import { createPrint } from "#cli/print.ts";
import { AppError, codeOf } from "#errors.ts";
import { nearest } from "#lib/nearest.ts";

/**
 * `howdah <command>`: exit 0 when it is done, 1 when the answer is no (an id that nobody knows, a queue at ALERT), 2 when
 * it could not be asked: usage, settings, no database.
 */
if (existsSync(".env")) process.loadEnvFile(".env");
process.stdout.on("error", (error) => process.exit(codeOf(error) === "EPIPE" ? 0 : 2)); // howdah queue:failed | head
const code = await howdah(process.argv.slice(2)).catch(explain);
process.stdout.write("", () => process.exit(code)); // when all is written

async function howdah([name = "list", ...args]: string[]): Promise<number> {
  if (/^(list|help|--help|-h)$/.test(name) && args.length === 0) return say(list(commands));
  if (name === "help") return howdah([args[0] ?? "", "--help"]);
  if (`${name}:${args[0]}` in commands) return howdah([`${name}:${args[0]}`, ...args.slice(1)]);
  const command = commandNamed(name);
  return command.raw ? command.raw(args) : perform(name, command, args);
}

function commandNamed(name: string): Command {
  const command = commands[name];
  if (command) return command;
  const meant = nearest(name, Object.keys(commands));
  const hint = meant === undefined ? "howdah list shows all" : `did you mean ${meant}`;
  throw new AppError("BadOption", `There is no command "${name}": ${hint}.`);
}

async function perform(name: string, command: Command, args: string[]): Promise<number> {
  const { values, positionals } = parseCommand(name, command, args);
  if (values.help) return say(help(name, command));
  const print = createPrint({
    quiet: values.quiet === true,
    verbose: values.verbose === true,
    colors: values["no-ansi"] ? false : values.ansi ? true : undefined,
  });
  const interactive = process.stdin.isTTY === true && !values["no-interaction"];
  const call = { args: positionals, values, print, interactive } as Parameters<
    NonNullable<Command["offline"]>
  >[0];
  if (command.offline) return (await command.offline(call)) ?? 0;
  await using db = await connect();
  return (await command.run?.({ ...call, db })) ?? 0;
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}
