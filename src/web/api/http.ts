import { Problem } from "./problem.ts";

const TIMEOUT_MS = 15_000;

/** `fetch` with a deadline; a failed connection becomes a Problem "network". */
export async function reach(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new Problem("network", "Howdah could not be reached. Check your connection and try again.");
  }
}

/** POSTs JSON (or nothing) and gives the response; anything but 2xx becomes a Problem with the server's words. */
export async function post(path: string, body?: object): Promise<Response> {
  const init: RequestInit = { method: "POST", headers: { Accept: "application/json" } };
  if (body) {
    init.headers = { Accept: "application/json", "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  return accepted(await reach(path, init));
}

/** GETs JSON; anything but 2xx becomes a Problem. */
export async function getJson<T>(path: string, headers: Record<string, string> = {}): Promise<T> {
  const response = await accepted(await reach(path, { headers: { Accept: "application/json", ...headers } }));
  return (await readJson(response)) as T;
}

/** The JSON body, or null when there is none to read. */
export async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const { error } = ((await readJson(response)) ?? {}) as { error?: { code?: string; message?: string } };
  throw new Problem(error?.code ?? "http", error?.message ?? plainWords(response.status), response.status);
}

function plainWords(status: number): string {
  if (status === 429) return "That was a little too often. Please wait a moment and try again.";
  if (status >= 500) return "Howdah has trouble at the moment. Please try again shortly.";
  return "That did not work. Please try again.";
}
