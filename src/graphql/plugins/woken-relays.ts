import { getOperationAST } from "postgraphile/graphql";
import type { Wake } from "#db/wake.ts";

type Context = { pgSettings?: Record<string, string> };

/**
 * Tells the relays of each mutation that there may be something to deliver: by its own transactions, or after them. Every
 * root field has committed its own by the time the operation has its result, also those beside a field that failed.
 */
export function wokenRelays(wake: Wake): GraphileConfig.Plugin {
  return {
    name: "HowdahWokenRelaysPlugin",
    version: "0.0.0",
    grafast: {
      middleware: {
        async execute(next, { args: { document, operationName, contextValue } }) {
          if (getOperationAST(document, operationName)?.operation !== "mutation") return next();
          const by = wake.by();
          const context = contextValue as Context;
          context.pgSettings = { ...context.pgSettings, "realtime.wake": by };
          const result = await next();
          if (by === "caller") wake();
          return result;
        },
      },
    },
  };
}
