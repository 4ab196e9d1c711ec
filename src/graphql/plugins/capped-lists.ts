import { access, type FieldArgs, lambda, SafeError, type Step } from "postgraphile/grafast";

export const cap = 100;

type Given = {
  first?: number | null;
  last?: number | null;
  offset?: number | null;
  before?: unknown;
  after?: unknown;
};

type Pages = { first?: number; last?: number };

type PageableStep = Step & { setFirst(first: Step): void; setLast?(last: Step): void };

/** No list is longer than 100: a larger `first` or `last` is refused, and a list without them is read as that long. */
export function cappedLists(): GraphileConfig.Plugin {
  return {
    name: "HowdahCappedListsPlugin",
    version: "0.0.0",
    after: ["PgFirstLastBeforeAfterArgsPlugin"],
    schema: {
      hooks: {
        GraphQLObjectType_fields_field(field, _build, { scope }) {
          if (!isList(scope)) return field;
          const { plan } = field;
          if (!plan) throw new Error(`The list ${scope.fieldName} has no plan to cap`);
          return { ...field, plan: (parent, args, info) => capped(plan(parent, args, info), args) };
        },
        GraphQLObjectType_fields_field_args(args, _build, { scope }) {
          if (!isList(scope)) return args;
          const { first, last, ...others } = args;
          return {
            ...(first && {
              first: { ...first, applyPlan: undefined, description: describe("first", "hasNextPage") },
            }),
            ...(last && {
              last: { ...last, applyPlan: undefined, description: describe("last", "hasPreviousPage") },
            }),
            ...others,
          };
        },
      },
    },
  };
}

function isList(scope: { isPgFieldConnection?: boolean; isPgFieldSimpleCollection?: boolean }): boolean {
  return Boolean(scope.isPgFieldConnection || scope.isPgFieldSimpleCollection);
}

function describe(argument: "first" | "last", more: string): string {
  return `Read only the ${argument} \`n\` values, at most ${cap}; none is read as ${cap}. \`pageInfo { ${more} }\` tells whether there are more.`;
}

/** Sets what the arguments `first` and `last` would have set; variables are known only when the plan runs. */
function capped($list: PageableStep, args: FieldArgs): PageableStep {
  const $pages = lambda(args.getRaw(), pagesOf as (given: unknown) => Pages);
  $list.setFirst(access($pages, "first"));
  $list.setLast?.(access($pages, "last"));
  return $list;
}

function pagesOf({ first, last, before, after, offset }: Given): Pages {
  if (first != null && last != null) throw refusal("last", "Give either `first` or `last`, not both.");
  if (first != null && before != null)
    throw refusal("before", "`before` goes with `last`, `first` goes with `after`.");
  if (last != null && after != null)
    throw refusal("after", "`after` goes with `first`, `last` goes with `before`.");
  if (before != null && after != null) throw refusal("before", "Give either `before` or `after`, not both.");
  for (const [name, value] of Object.entries({ first, last, offset }))
    if (value != null && value < 0) throw refusal(name, `\`${name}\` must not be negative.`);
  for (const [name, value] of Object.entries({ first, last }))
    if (value != null && value > cap)
      throw refusal(
        name,
        `\`${name}\` is at most ${cap}, not ${value}: ask for less, and for the next page with a cursor.`,
      );
  const backwards = last != null || before != null;
  if (backwards && offset != null) throw refusal("offset", "`offset` goes with `first` only.");
  return backwards ? { last: last ?? cap } : { first: first ?? cap };
}

function refusal(field: string, message: string): SafeError {
  return new SafeError(message, { code: "HW422", field });
}
