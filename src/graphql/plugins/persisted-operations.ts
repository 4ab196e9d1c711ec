import { createHash } from "node:crypto";
import { SafeError } from "postgraphile/grafast";

/** Operations by their names and by the SHA-256 of their texts. */
export type KnownOperations = ReadonlyMap<string, string>;

type Body = { query?: unknown; id?: unknown; documentId?: unknown; extensions?: unknown };

/** Takes the name of a known operation in the place of its text; `only`: nothing else. */
export function persistedOperations(known: KnownOperations, only: boolean): GraphileConfig.Plugin {
  return {
    name: "HowdahPersistedOperationsPlugin",
    version: "0.0.0",
    grafserv: {
      middleware: {
        processGraphQLRequestBody(next, { body }) {
          body.query = queryOf(body as Body, known, only);
          return next();
        },
      },
    },
  };
}

export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function queryOf(body: Body, known: KnownOperations, only: boolean): string | undefined {
  const name = nameOf(body);
  if (name === undefined) {
    if (only) throw notKnown("This server runs known operations only");
    return body.query as string | undefined;
  }
  const query = known.get(name);
  if (query === undefined) throw notKnown("This server knows no operation of that name");
  return query;
}

function nameOf({ id, documentId, extensions }: Body): string | undefined {
  const { persistedQuery } = (extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } };
  return [documentId, id, persistedQuery?.sha256Hash].find((name) => typeof name === "string") as
    | string
    | undefined;
}

function notKnown(reason: string): SafeError {
  const message = `${reason}: send the name of one of its files as \`documentId\`, or its SHA-256.`;
  return new SafeError(message, { code: "HW404", statusCode: 400 });
}
