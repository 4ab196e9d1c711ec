import { useSyncExternalStore } from "react";
import { post, readJson } from "./http.ts";
import { Problem } from "./problem.ts";

export type Person = { id: string; name: string };
export type Session =
  | { status: "loading" | "signed-out" | "unreachable"; person: null; byChoice?: boolean }
  | { status: "signed-in"; person: Person };

const REFRESH_BEFORE_MS = 60_000;
const KNOCK_AGAIN_MS = 4_000;

// The token lives in this variable only: never in storage, where any script of the origin could read it later.
let token: { value: string; expiresAt: number } | null = null;
let session: Session = { status: "loading", person: null };
let refreshing: Promise<void> | null = null;
const listeners = new Set<() => void>();

export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session);
}

/** Asks the cookie for a session; keeps knocking while the server does not answer. */
export async function restoreSession(): Promise<void> {
  try {
    await refresh();
  } catch {
    if (session.status === "signed-in") return;
    change({ status: "unreachable", person: null });
    setTimeout(() => session.status === "unreachable" && void restoreSession(), KNOCK_AGAIN_MS);
  }
}

/** Uses up a sign-in link. Throws a Problem with status 410 when it is used or expired. */
export async function signIn(linkToken: string): Promise<void> {
  await enter(await post("/auth/sign-in", { token: linkToken }));
}

/** Uses up the letter of an address by its six digits. Throws a Problem with status 410 when they are wrong or too late. */
export async function signInByCode(email: string, code: string): Promise<void> {
  await enter(await post("/auth/sign-in", { email, code }));
}

export async function requestLink(email: string): Promise<void> {
  await post("/auth/request-link", { email });
}

export async function signOut(): Promise<void> {
  await post("/auth/sign-out");
  leave({ byChoice: true });
}

/** The person is called otherwise from now on. */
export function callPerson(name: string) {
  if (session.person) change({ status: "signed-in", person: { ...session.person, name } });
}

/** A token that is valid for at least a little while, or null when nobody is signed in. */
export async function freshToken(): Promise<string | null> {
  if (!token) return null;
  if (token.expiresAt - Date.now() > REFRESH_BEFORE_MS) return token.value;
  try {
    await refresh();
  } catch (error) {
    if (token.expiresAt <= Date.now()) throw error;
  }
  return token?.value ?? null;
}

/** A token other than the one the server has just refused. */
export async function replacementFor(refused: string | null): Promise<string | null> {
  if (token?.value === refused) await refresh();
  return token?.value ?? null;
}

function refresh(): Promise<void> {
  refreshing ??= fetchToken().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function fetchToken(): Promise<void> {
  try {
    await enter(await post("/auth/token"));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    leave();
  }
}

async function enter(response: Response): Promise<void> {
  const body = (await readJson(response)) as { accessToken: string; expiresAt: string; person: Person };
  // Measured from the server's own clock, so that a wrong clock on this device does not spoil the token.
  const serverNow = Date.parse(response.headers.get("date") ?? "") || Date.now();
  token = { value: body.accessToken, expiresAt: Date.now() + Date.parse(body.expiresAt) - serverNow };
  change({ status: "signed-in", person: body.person });
}

function leave({ byChoice = false } = {}) {
  token = null;
  change({ status: "signed-out", person: null, byChoice });
}

function change(next: Session) {
  const same = next.person?.id === session.person?.id && next.person?.name === session.person?.name;
  if (next.status === session.status && same) return;
  session = next;
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void) {
  listeners.add(tell);
  return () => void listeners.delete(tell);
}
