import type { Store } from "./store.ts";

/** Small things that outlive the process, by name; values are JSON. */
export function readSetting<Value>(store: Store, name: string, fallback: Value): Value {
  const row = store.get<{ value: string }>("select value from settings where name = ?", name);
  return row ? (JSON.parse(row.value) as Value) : fallback;
}

export function writeSetting(store: Store, name: string, value: unknown): void {
  store.run("insert or replace into settings (name, value) values (?, ?)", name, JSON.stringify(value));
}
