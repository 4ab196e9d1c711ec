import { getOperationAST } from "postgraphile/graphql";

/**
 * Tells the relays after each mutation that there may be something to deliver: every root field has committed its own
 * transaction by the time the operation has its result, also those beside a field that failed.
 */
export function wokenRelays(wake: () => void): GraphileConfig.Plugin {
  return {
    name: "HowdahWokenRelaysPlugin",
    version: "0.0.0",
    grafast: {
      middleware: {
        async execute(next, { args: { document, operationName } }) {
          const result = await next();
          if (getOperationAST(document, operationName)?.operation === "mutation") wake();
          return result;
        },
      },
    },
  };
}
