import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { type GraphQLSchema, parse, validate } from "postgraphile/graphql";
import { AppError, messageOf } from "#errors.ts";
import { hashOf, type KnownOperations } from "#graphql/plugins/persisted-operations.ts";

/** The files `<name>.graphql` of a folder, by name and by hash. Throws AppError `BadOperation`. */
export async function readOperations(folder: string): Promise<KnownOperations> {
  const known = new Map<string, string>();
  for (const file of await filesOf(folder)) {
    const text = await readFile(path.join(folder, file), "utf8");
    known.set(path.basename(file, ".graphql"), text);
    known.set(hashOf(text), text);
  }
  return known;
}

/** Throws AppError `BadOperation` for the first operation that the schema cannot answer. */
export function checkOperations(known: KnownOperations, schema: GraphQLSchema): void {
  for (const [name, text] of known) {
    const [fault] = faultsIn(text, schema);
    if (fault !== undefined) throw badOperation(`The persisted operation ${name} cannot be run: ${fault}`);
  }
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith(".graphql")).sort();
  } catch (cause) {
    throw badOperation(`PERSISTED_OPERATIONS cannot be read: ${messageOf(cause)}`);
  }
}

function faultsIn(text: string, schema: GraphQLSchema): string[] {
  try {
    return validate(schema, parse(text)).map(({ message }) => message);
  } catch (error) {
    return [messageOf(error)];
  }
}

function badOperation(message: string): AppError {
  return new AppError("BadOperation", message);
}
