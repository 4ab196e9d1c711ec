import { listenToTopic } from "./topic-connection.ts";

type Listener = (event: string, payload: Record<string, unknown>) => void;

let shared: { personId: string; end: () => void; listeners: Set<Listener> } | null = null;

/**
 * Hears what the server says to a person, on the topic person:<id>; all listeners of a page share one connection. "live" is
 * said whenever the connection is there (again): what was said before may have been missed.
 */
export function listenToPerson(personId: string, listener: Listener): () => void {
  if (shared && shared.personId !== personId) close();
  shared ??= open(personId);
  const { listeners } = shared;
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && shared?.listeners === listeners) close();
  };
}

function open(personId: string): NonNullable<typeof shared> {
  const listeners = new Set<Listener>();
  const tell: Listener = (event, payload) => {
    for (const listener of listeners) listener(event, payload);
  };
  return { personId, end: listenToTopic(`person:${personId}`, tell), listeners };
}

function close() {
  shared?.end();
  shared = null;
}
