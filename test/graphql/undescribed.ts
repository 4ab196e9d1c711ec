import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from "postgraphile/graphql";

/** Every type, field, argument and input field of a schema without a description, as `Type.field(argument)`. */
export function undescribedIn(schema: string): string[] {
  const types = Object.values(buildSchema(schema).getTypeMap());
  return types.filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type)).flatMap(gapsOf);
}

function gapsOf(type: GraphQLNamedType): string[] {
  const own = type.description ? [] : [type.name];
  if (isEnumType(type)) return own; // an order's values say all by their names
  if (!isObjectType(type) && !isInputObjectType(type)) return own;
  const all: readonly Described[] = Object.values(type.getFields());
  const fields = all.flatMap((field) => {
    const place = `${type.name}.${field.name}`;
    const args = (field.args ?? []).filter(({ description }) => !description);
    return [...(field.description ? [] : [place]), ...args.map(({ name }) => `${place}(${name})`)];
  });
  return [...own, ...fields];
}

type Described = { name: string; description?: string | null | undefined; args?: readonly Described[] };
