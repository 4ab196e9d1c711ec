import { SafeError } from "postgraphile/grafast";
import {
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  getOperationAST,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type SelectionSetNode,
} from "postgraphile/graphql";

export type QueryLimits = { maxDepth: number; introspection: boolean };

const maxSelections = 500;
const maxRootFields = 50;
const maxIntrospections = 2;
const maxBrackets = 500;

/** Refuses queries that are too deep or too large, before anything expensive looks at them. */
export function limitedQueries({ maxDepth, introspection }: QueryLimits): GraphileConfig.Plugin {
  return {
    name: "HowdahLimitedQueriesPlugin",
    version: "0.0.0",
    grafast: {
      middleware: {
        execute(next, { args: { document, operationName } }) {
          const isSubscription = getOperationAST(document, operationName)?.operation === "subscription";
          return isSubscription ? { errors: [wrongWay()] } : next();
        },
      },
    },
    grafserv: {
      middleware: {
        setPreset(next, event) {
          // First, and thrown instead of reported: the rules after it compare fields in pairs, which is quadratic.
          event.validationRules.unshift(() => ({ Document: (query) => refuseLargeQueries(query, maxDepth) }));
          if (!introspection) event.validationRules.push(NoSchemaIntrospectionCustomRule);
          return next();
        },
        processGraphQLRequestBody(next, { body }) {
          if (typeof body.query === "string") refuseNestedText(body.query);
          return next();
        },
      },
    },
  };
}

/** The parser calls itself at each bracket: some thousands of them are more than the stack bears. */
function refuseNestedText(query: string): void {
  let depth = 0;
  for (const bracket of query.replace(/"(?:[^"\\\n]|\\.)*"/g, "").matchAll(/[[{(]|[\]})]/g)) {
    depth += "[{(".includes(bracket[0]) ? 1 : -1;
    if (depth > maxBrackets) throw refusal(`The query nests more than ${maxBrackets} brackets`);
  }
}

function refuseLargeQueries({ definitions }: DocumentNode, maxDepth: number): void {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition.selectionSet);
  for (const definition of definitions)
    if (definition.kind === Kind.OPERATION_DEFINITION)
      refuseLargeOperation(definition.selectionSet, fragments, maxDepth);
}

/**
 * Fragments are counted wherever they are spread, as they will be run. Every selection counts, spreads too, so that
 * fragments which spread each other end at the limit like all else.
 */
function refuseLargeOperation(
  root: SelectionSetNode,
  fragments: Map<string, SelectionSetNode>,
  maxDepth: number,
): void {
  let selections = 0;
  let rootFields = 0;
  let introspections = 0;

  function visit(set: SelectionSetNode | undefined, depth: number): void {
    for (const selection of set?.selections ?? []) {
      if (++selections > maxSelections) throw tooMany(maxSelections, "fields");
      if (selection.kind === Kind.FIELD) visitField(selection, depth);
      else if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet, depth);
      else visit(fragments.get(selection.name.value), depth);
    }
  }

  function visitField({ name, selectionSet }: FieldNode, depth: number): void {
    if (depth === 1 && ++rootFields > maxRootFields) throw tooMany(maxRootFields, "fields at its root");
    if (questionsAboutTheSchema.has(name.value)) {
      if (++introspections > maxIntrospections)
        throw tooMany(maxIntrospections, "questions about the schema");
      return; // what is in them graphql-js limits by a rule of its own
    }
    if (depth > maxDepth) throw refusal(`The query is more than ${maxDepth} fields deep`);
    visit(selectionSet, depth + 1);
  }

  visit(root, 1);
}

const questionsAboutTheSchema = new Set(["__schema", "__type"]);

function wrongWay(): GraphQLError {
  const message = "Subscriptions run over a websocket at the same address: use a client such as graphql-ws.";
  return new GraphQLError(message, { extensions: { code: "HW422" } });
}

function tooMany(limit: number, what: string): SafeError {
  return refusal(`The query has more than ${limit} ${what}, fragments and aliases counted each time`);
}

function refusal(reason: string): SafeError {
  return new SafeError(`${reason}: ask for less, or in several queries.`, { code: "HW422", statusCode: 400 });
}
