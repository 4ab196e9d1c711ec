import { type DocumentNode, GraphQLError, type GraphQLSchema } from "postgraphile/graphql";
import { type Cost, costOf } from "#graphql/cost.ts";

type Asked = {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string | null | undefined;
  variableValues?: Readonly<Record<string, unknown>> | null | undefined;
};

/** Refuses operations that may read more than so many objects, and says how many too many. */
export function pricedQueries(maxCost: number): GraphileConfig.Plugin {
  const known = new WeakMap<DocumentNode, Map<string | null | undefined, Cost>>();

  function costFor({ schema, document, operationName }: Asked): Cost {
    const ofDocument = known.get(document) ?? new Map<string | null | undefined, Cost>();
    known.set(document, ofDocument);
    const cost = ofDocument.get(operationName) ?? costOf(schema, document, operationName);
    ofDocument.set(operationName, cost);
    return cost;
  }

  function refusalOf(asked: Asked): { errors: GraphQLError[] } | undefined {
    const cost = costFor(asked)(asked.variableValues ?? {});
    return cost > maxCost ? { errors: [tooDear(cost, maxCost)] } : undefined;
  }

  return {
    name: "HowdahPricedQueriesPlugin",
    version: "0.0.0",
    grafast: {
      middleware: {
        execute: (next, { args }) => refusalOf(args) ?? next(),
        subscribe: (next, { args }) => refusalOf(args) ?? next(),
      },
    },
  };
}

function tooDear(cost: number, maxCost: number): GraphQLError {
  const count = (objects: number) => objects.toLocaleString("en");
  return new GraphQLError(
    `The query may read ${count(cost)} objects, ${count(cost - maxCost)} more than the ${count(maxCost)} allowed: ask for shorter lists with \`first\`, or in several queries.`,
    { extensions: { code: "HW422", cost, maxCost } },
  );
}
