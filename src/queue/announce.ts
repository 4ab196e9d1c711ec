import { emit } from "#telemetry.ts";

/** Tells what became of a batch or a breaker, in every process that hears of it; false for words about something else. */
export function announce(word: string): boolean {
  const [, about = "", became, name = ""] = /^(batch|breaker) (\S+) (.+)$/s.exec(word) ?? [];
  if (about === "batch" && became === "finished") emit("batch:finished", { batch: name });
  else if (about === "batch" && became === "cancelled") emit("batch:cancelled", { batch: name });
  else if (about === "breaker" && became === "open") emit("breaker:open", { key: name });
  else if (about === "breaker" && became === "half-open") emit("breaker:half-open", { key: name });
  else if (about === "breaker" && became === "closed") emit("breaker:closed", { key: name });
  else return false;
  return true;
}
