import type { Faults } from "./seams.ts";

/** A service that is well. */
export function createFaults(): Faults {
  return {
    around: async (exchange) => exchange.send(await exchange.answer(await exchange.read())),
  };
}
