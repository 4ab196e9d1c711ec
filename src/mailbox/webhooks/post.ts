import http from "node:http";
import https from "node:https";
import type { Webhook } from "../store/webhooks.ts";

export type Letter = { body: string; traceId: string; retriesRemaining: number };

/** The status of the answer, or why there is none. */
export type Answer = { status: number; error: null } | { status: null; error: string };

type Target = Pick<Webhook, "url" | "httpAuth" | "httpHeaders">;

/** By node:http, whose kept connections cost a third of what fetch costs. Redirects are answers like others. */
export function post(target: Target, letter: Letter, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const url = new URL(target.url);
    const { request } = url.protocol === "https:" ? https : http;
    const headers = headersFor(target, letter);
    const asking = request(
      url,
      { method: "POST", headers, signal, auth: authFor(target, url) },
      (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, error: null });
      },
    );
    asking.on("error", (error) => resolve({ status: null, error: reasonOf(error) }));
    asking.end(letter.body);
  });
}

function headersFor({ httpHeaders }: Target, { body, traceId, retriesRemaining }: Letter) {
  return {
    ...Object.fromEntries(httpHeaders.map(({ Name, Value }) => [Name.toLowerCase(), Value])),
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "user-agent": "Postmark",
    "x-pm-webhook-trace-id": traceId,
    "x-pm-retries-remaining": retriesRemaining,
  };
}

/** Credentials may stand in the URL. */
function authFor({ httpAuth }: Target, { username, password }: URL): string | undefined {
  if (httpAuth) return `${httpAuth.Username}:${httpAuth.Password}`;
  return username ? `${decodeURIComponent(username)}:${decodeURIComponent(password)}` : undefined;
}

function reasonOf(error: Error & { code?: unknown }): string {
  if (error.cause instanceof Error) return error.cause.message;
  return typeof error.code === "string" ? error.code : error.message;
}
