import type { PgResource } from "postgraphile/@dataplan/pg";
import { usualWords } from "#graphql/usual-words.ts";

type Described = { description?: string | null | undefined };

/**
 * Describes what `comment on` cannot reach: a function's argument by the tag `@arg name text` in the function's comment, else
 * as the column of that name which it returns; and what its name alone says.
 */
export function describedFields(): GraphileConfig.Plugin {
  const wordsOfPlaces = new Map<string, Map<string, string>>();
  return {
    name: "HowdahDescribedFieldsPlugin",
    version: "0.0.0",
    schema: {
      hooks: {
        init(_, build) {
          for (const resource of Object.values(build.input.pgRegistry.pgResources))
            if (resource.parameters)
              for (const place of placesOf(build, resource))
                wordsOfPlaces.set(place, wordsOfArguments(build, resource));
          return _;
        },
        GraphQLObjectType_fields_field: (field, _build, { scope }) => described(field, scope.fieldName),
        GraphQLObjectType_fields_field_args(args, _build, { Self, scope: { fieldName } }) {
          const words = wordsOfPlaces.get(`${Self.name}.${fieldName}`);
          for (const [name, arg] of Object.entries(args)) args[name] = described(arg, name, words?.get(name));
          return args;
        },
        GraphQLInputObjectType_fields_field(field, _build, { Self, scope: { fieldName } }) {
          return described(field, fieldName, wordsOfPlaces.get(Self.name)?.get(fieldName));
        },
      },
    },
  };
}

function described<Field extends Described>(field: Field, name: string, better?: string): Field {
  const description = field.description || better || usualWords(name);
  return description ? { ...field, description } : field;
}

function placesOf({ inflection }: GraphileBuild.Build, resource: PgResource): string[] {
  const named = { resource } as never;
  if (resource.isMutation) return [inflection.customMutationInput(named)];
  const fields = [inflection.customQueryField(named), inflection.customQueryConnectionField(named)];
  return fields.map((field) => `Query.${field}`);
}

function wordsOfArguments({ inflection }: GraphileBuild.Build, resource: PgResource): Map<string, string> {
  const { arg = [] } = (resource.extensions?.tags ?? {}) as { arg?: string | string[] };
  const words = new Map<string, string>();
  for (const [column, { description }] of Object.entries(resource.codec.attributes ?? {}))
    if (description) words.set(inflection.camelCase(column), description);
  for (const text of [arg].flat()) {
    const [, name = "", description = ""] = /^(\w+)\s+(.+)$/s.exec(text) ?? [];
    words.set(name, description);
  }
  return words;
}
