import { ServerClient } from "postmark";
import { AppError, codeOf } from "#errors.ts";
import type { RequestTrouble } from "./outcome.ts";

export type ConnectionSettings = {
  token: string;
  /** Base URL of the service or of the mailbox; a path is kept. Default https://api.postmarkapp.com */
  endpoint?: string;
  /** Limit of one request, body included. Default 30. */
  timeoutSeconds?: number;
};

/** Good for one request. `troubleOf` says what is known of an error that the client has thrown. */
export type Connection = { client: ServerClient; troubleOf(error: unknown): RequestTrouble };

/** Throws AppError `BadSetting` for an empty token or a bad endpoint. */
export function prepareConnections(settings: ConnectionSettings): () => Connection {
  if (settings.token.trim() === "") throw new AppError("BadSetting", "The Postmark server token is empty.");
  const endpoint = parseEndpoint(settings.endpoint ?? "https://api.postmarkapp.com");
  return () => openConnection(settings, endpoint);
}

type Endpoint = { requestHost: string; useHttps: boolean };

function parseEndpoint(endpoint: string): Endpoint {
  if (!URL.canParse(endpoint))
    throw new AppError("BadSetting", `The mail endpoint "${endpoint}" is not a URL.`);
  const url = new URL(endpoint);
  return { requestHost: url.host + url.pathname.replace(/\/+$/, ""), useHttps: url.protocol === "https:" };
}

/**
 * The client throws away why a request failed, so each request gets a client whose fetch keeps it. It also refuses
 * redirects: the client would post the letters again, with the token, to wherever it is sent.
 */
function openConnection(settings: ConnectionSettings, endpoint: Endpoint): Connection {
  let networkError: unknown;
  const client = new ServerClient(settings.token, {
    ...endpoint,
    timeout: settings.timeoutSeconds ?? 30,
    fetch: async (input, init) => {
      try {
        return await fetch(input, { ...init, redirect: "error" });
      } catch (error) {
        networkError = error;
        throw error;
      }
    },
  });
  return { client, troubleOf: (error) => describe(error, networkError) };
}

function describe(error: unknown, networkError: unknown): RequestTrouble {
  const { statusCode, code, message } = (error ?? {}) as Record<string, unknown>;
  return {
    status: typeof statusCode === "number" ? statusCode : 0,
    code: typeof code === "number" ? code : 0,
    message: typeof message === "string" ? message : "no message",
    networkCodes: networkCodesOf(networkError),
  };
}

/** A connection that is tried on several addresses fails with one error for each. */
function networkCodesOf(error: unknown): string[] {
  const cause = error instanceof Error ? error.cause : undefined;
  const all = cause instanceof AggregateError ? cause.errors : [cause];
  return all.map((each) => codeOf(each) ?? "unknown");
}
