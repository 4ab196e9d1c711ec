import type { SubscribePayload } from "graphql-ws";
import { hookArgs } from "postgraphile/grafast";
import type { GrafservBase } from "postgraphile/grafserv";
import type { ExecutionArgs, GraphQLError } from "postgraphile/graphql";
import type { Claims } from "#auth/claims.ts";

/** Not in the types, yet how grafserv's own websockets do it. */
type WithMiddleware = {
  middleware?: { run(name: string, event: object, last: () => void): unknown } | null;
};

/** As a request by HTTP is prepared, with the same plugins. */
export async function argumentsFor(
  server: GrafservBase,
  claims: Claims | undefined,
  { variables: variableValues, ...payload }: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const requestContext = { claims };
  const { schema, parseAndValidate, resolvedPreset, contextValue } =
    await server.getExecutionConfig(requestContext);
  const body = { id: undefined, documentId: undefined, onError: undefined, ...payload, variableValues };
  await (server as unknown as WithMiddleware).middleware?.run(
    "processGraphQLRequestBody",
    { resolvedPreset, body },
    () => {},
  );
  const { errors, document } = parseAndValidate(body.query);
  if (errors) return errors;
  const { operationName } = body;
  const args = {
    ...{ schema, document, rootValue: null, contextValue, variableValues, operationName },
    ...{ resolvedPreset, requestContext, middleware: server.grafastMiddleware },
  };
  await hookArgs(args as never);
  return args as unknown as ExecutionArgs;
}
