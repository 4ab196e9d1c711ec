import { type ASTNode, type GraphQLError, Kind, type Token, TokenKind } from "postgraphile/graphql";

/** The name of the field or argument whose value GraphQL refused, as far as its error tells. */
export function fieldOfFault({ message, nodes }: GraphQLError): string | undefined {
  return namedIn(message) ?? nameBefore(nodes?.[0]);
}

function namedIn(message: string): string | undefined {
  const missing =
    /(?:; Field|^Field|argument|^Argument) "(?:\w+\.)?(\w+)" (?:of|is not defined by|has invalid value)/;
  const variable = /^Variable "\$(\w+)" (?:got invalid value|of (?:required|non-null) type)/.exec(message);
  const within = variable && /^[^;]*? at "(?:[^"]*\.)?(\w+)(?:\[\d+\])*";/.exec(message);
  return missing.exec(message)?.[1] ?? within?.[1] ?? variable?.[1];
}

/** `name: value` in the query's own text. */
function nameBefore(node: ASTNode | undefined): string | undefined {
  if (!node || !values.has(node.kind)) return undefined;
  let token: Token | null | undefined = node.loc?.startToken.prev;
  while (token && token.kind !== TokenKind.COLON && inList.has(token.kind)) token = token.prev;
  if (token?.kind !== TokenKind.COLON || token.prev?.kind !== TokenKind.NAME) return undefined;
  return token.prev.value;
}

const values = new Set<string>([
  ...[Kind.STRING, Kind.INT, Kind.FLOAT, Kind.BOOLEAN, Kind.ENUM],
  ...[Kind.NULL, Kind.LIST, Kind.OBJECT],
]);

const inList = new Set<string>([
  ...[TokenKind.BRACKET_L, TokenKind.STRING, TokenKind.BLOCK_STRING],
  ...[TokenKind.INT, TokenKind.FLOAT],
]);
