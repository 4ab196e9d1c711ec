/**
 * What a function lists is in the order of its tag, such as `@defaultOrder CREATED_AT_DESC,PRIMARY_KEY_DESC`, unless the
 * client names another: cursors are then of rows, and pages stay in place while rows come. Without an order they are numbers.
 */
export function defaultOrder(): GraphileConfig.Plugin {
  return {
    name: "HowdahDefaultOrderPlugin",
    version: "0.0.0",
    schema: {
      hooks: {
        GraphQLObjectType_fields_field_args_arg(arg, { getTypeByName, inflection }, { scope }) {
          const { argName, pgFieldResource } = scope;
          const wanted = pgFieldResource?.extensions?.tags?.defaultOrder;
          if (argName !== "orderBy" || !pgFieldResource || typeof wanted !== "string") return arg;
          const type = getTypeByName(inflection.orderByType(inflection.tableType(pgFieldResource.codec)));
          if (!type || !("getValues" in type))
            throw new Error(`@defaultOrder ${wanted}: there is nothing to order by`);
          const values = type.getValues();
          return { ...arg, defaultValue: wanted.split(",").map((name) => orderNamed(name, values)) };
        },
      },
    },
  };
}

function orderNamed(name: string, values: readonly { name: string; value: unknown }[]): unknown {
  const found = values.find((each) => each.name === name);
  if (!found)
    throw new Error(`@defaultOrder ${name}: it is none of ${values.map((each) => each.name).join(", ")}`);
  return found.value;
}
