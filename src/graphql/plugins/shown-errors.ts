import type { GraphQLError } from "postgraphile/graphql";
import { shownError } from "#graphql/shown-error.ts";

type Mask = (error: GraphQLError) => GraphQLError;

/** Puts the words meant for people in the place of what the database said, and codes to what GraphQL says of the query. */
export function shownErrors(mask: Mask): GraphileConfig.Plugin {
  return {
    name: "HowdahShownErrorsPlugin",
    version: "0.0.0",
    grafserv: {
      middleware: {
        setPreset(next, event) {
          const { getExecutionConfig } = event;
          event.getExecutionConfig = async function withShownErrors(context) {
            const config = await getExecutionConfig.call(this, context);
            return { ...config, parseAndValidate: (query) => shown(config.parseAndValidate(query), mask) };
          };
          return next();
        },
      },
    },
    grafast: {
      middleware: {
        async execute(next, { args }) {
          const result = await next();
          if (!("errors" in result) || !result.errors) return result;
          const signedIn = (args.requestContext?.claims?.role ?? "anon") !== "anon";
          return { ...result, errors: result.errors.map((error) => shownError(error, signedIn)) };
        },
      },
    },
  };
}

function shown<Result extends { errors?: readonly GraphQLError[] }>(result: Result, mask: Mask): Result {
  return result.errors ? { ...result, errors: result.errors.map(mask) } : result;
}
