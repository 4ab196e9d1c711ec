const KEY = "howdah-wanted";
const KEPT_MS = 60 * 60_000;

// The letter's link opens another tab, or this one later: what was wanted is kept for both, and only in this browser.

/** Keeps the path that somebody wanted before they had to sign in. */
export function keepWanted(path: string): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ path, at: Date.now() }));
  } catch {
    // a browser without storage opens the first page instead
  }
}

/** The path that was wanted within the last hour, once; else the first page. */
export function takeWanted(): string {
  try {
    const { path, at } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as { path?: string; at?: number };
    localStorage.removeItem(KEY);
    const fresh = at !== undefined && Date.now() - at < KEPT_MS;
    return fresh && path !== undefined && /^\/(?![/\\])/.test(path) ? path : "/";
  } catch {
    return "/";
  }
}
