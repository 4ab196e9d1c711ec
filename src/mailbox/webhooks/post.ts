import type { Webhook } from "../store/webhooks.ts";

export type Letter = { body: string; traceId: string; retriesRemaining: number };

/** The status of the answer, or why there is none. */
export type Answer = { status: number; error: null } | { status: null; error: string };

export async function post(
  webhook: Pick<Webhook, "url" | "httpAuth" | "httpHeaders">,
  { body, traceId, retriesRemaining }: Letter,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const { url, authorization } = withoutCredentials(webhook);
    const headers = new Headers(webhook.httpHeaders.map(({ Name, Value }) => [Name, Value]));
    headers.set("content-type", "application/json");
    headers.set("user-agent", "Postmark");
    headers.set("x-pm-webhook-trace-id", traceId);
    headers.set("x-pm-retries-remaining", String(retriesRemaining));
    if (authorization) headers.set("authorization", authorization);
    const answer = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    await answer.body?.cancel();
    return { status: answer.status, error: null };
  } catch (error) {
    return { status: null, error: reasonOf(error) };
  }
}

/** Credentials may stand in the URL, where fetch does not take them. */
function withoutCredentials({ url, httpAuth }: Pick<Webhook, "url" | "httpAuth">) {
  const target = new URL(url);
  const inUrl = target.username && {
    Username: decodeURIComponent(target.username),
    Password: decodeURIComponent(target.password),
  };
  target.username = "";
  target.password = "";
  const auth = httpAuth ?? (inUrl || undefined);
  const authorization =
    auth && `Basic ${Buffer.from(`${auth.Username}:${auth.Password}`).toString("base64")}`;
  return { url: target, authorization };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as (Error & { code?: string }) | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
