import { shownError } from "#graphql/shown-error.ts";

/** Puts the words meant for people in the place of what the database said. */
export function shownErrors(): GraphileConfig.Plugin {
  return {
    name: "HowdahShownErrorsPlugin",
    version: "0.0.0",
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
