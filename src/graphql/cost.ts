import {
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from "postgraphile/graphql";
import { cap } from "#graphql/plugins/capped-lists.ts";

type Variables = Readonly<Record<string, unknown>>;

/** How many objects an operation may read, given its variables. */
export type Cost = (variables: Variables) => number;

const unpaged = 10; // entries of a list that takes no `first`

/**
 * Every object counts one, and a list as many as the operation asks for at most. Questions about the schema are free, and so
 * are scalars: they come with their object.
 */
export function costOf(schema: GraphQLSchema, document: DocumentNode, name?: string | null): Cost {
  const operation = getOperationAST(document, name);
  const root = operation && schema.getRootType(operation.operation);
  if (!root) return () => 0;
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition.selectionSet);
  const cost = sumOf(operation.selectionSet, root, { schema, fragments });
  const defaults = defaultsOf(operation);
  return (given) => cost({ ...defaults, ...given });
}

function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Variables {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  );
}

type Scope = { schema: GraphQLSchema; fragments: Map<string, SelectionSetNode> };

function sumOf(set: SelectionSetNode | undefined, type: GraphQLOutputType, scope: Scope): Cost {
  const parts = [...partsOf(set, type, scope)];
  const [only = () => 0] = parts;
  return parts.length < 2 ? only : (given) => parts.reduce((sum, part) => sum + part(given), 0);
}

function* partsOf(set: SelectionSetNode | undefined, type: GraphQLOutputType, scope: Scope): Generator<Cost> {
  for (const selection of set?.selections ?? []) {
    if (selection.kind === Kind.FIELD) {
      const field = isObjectType(type) ? type.getFields()[selection.name.value] : undefined;
      if (field) yield* costOfField(selection, field, scope);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      const narrowed = selection.typeCondition && scope.schema.getType(selection.typeCondition.name.value);
      yield* partsOf(selection.selectionSet, isObjectType(narrowed) ? narrowed : type, scope);
    } else yield* partsOf(scope.fragments.get(selection.name.value), type, scope);
  }
}

function* costOfField(node: FieldNode, field: GraphQLField<unknown, unknown>, scope: Scope): Generator<Cost> {
  const type = getNamedType(field.type);
  if (!isObjectType(type) || field.name === "pageInfo") return;
  const below = sumOf(node.selectionSet, type, scope);
  if (isConnection(field) || (isPaged(field) && isList(field.type))) {
    const length = lengthOf(node);
    yield (given) => length(given) * below(given) + 1;
  } else if (field.name === "edges") yield below;
  else if (isList(field.type) && field.name !== "nodes") yield (given) => unpaged * (below(given) + 1);
  else yield (given) => below(given) + 1;
}

function isConnection(field: GraphQLField<unknown, unknown>): boolean {
  return isPaged(field) && getNamedType(field.type).name.endsWith("Connection");
}

function isPaged({ args }: GraphQLField<unknown, unknown>): boolean {
  return args.some(({ name }) => name === "first");
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type));
}

function lengthOf({ arguments: args = [] }: FieldNode): (given: Variables) => number {
  const node = args.find(({ name }) => name.value === "first" || name.value === "last")?.value;
  if (!node) return () => cap;
  return (given) => within(givenIn(node, given));
}

function givenIn(node: ValueNode, given: Variables): unknown {
  if (node.kind === Kind.VARIABLE) return given[node.name.value];
  return node.kind === Kind.INT ? Number(node.value) : undefined;
}

function within(length: unknown): number {
  return typeof length === "number" ? Math.min(Math.max(length, 0), cap) : cap;
}
