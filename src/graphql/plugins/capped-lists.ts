import { access, type FieldArgs, lambda, SafeError, type Step } from "postgraphile/grafast";

const cap = 100;

type Given = {
  first?: number | null;
  last?: number | null;
  offset?: number | null;
  before?: unknown;
  after?: unknown;
};

type Pages = { first?: number; last?: number };

type PageableStep = Step & { setFirst(first: Step): void; setLast?(last: Step): void };

/** No list is longer than 100: `first` and `last` are read as at most that much, and so is a list without them. */
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
  return `Read only the ${argument} \`n\` values, at most ${cap}: a larger number, or none, is read as ${cap}. \`pageInfo { ${more} }\` tells whether there are more.`;
}

/** Sets what the arguments `first` and `last` would have set; variables are known only when the plan runs. */
function capped($list: PageableStep, args: FieldArgs): PageableStep {
  const $pages = lambda(args.getRaw(), pagesOf as (given: unknown) => Pages);
  $list.setFirst(access($pages, "first"));
  $list.setLast?.(access($pages, "last"));
  return $list;
}

function pagesOf(given: Given): Pages {
  const { first, last, before, after, offset } = given;
  if (first != null && last != null) throw refusal("Give either `first` or `last`, not both.");
  if (first != null && before != null) throw refusal("`before` goes with `last`, `first` goes with `after`.");
  if (last != null && after != null) throw refusal("`after` goes with `first`, `last` goes with `before`.");
  if (before != null && after != null) throw refusal("Give either `before` or `after`, not both.");
  for (const [name, value] of Object.entries({ first, last, offset }))
    if (value != null && value < 0) throw refusal(`\`${name}\` must not be negative.`);
  const backwards = last != null || before != null;
  if (backwards && offset != null) throw refusal("`offset` goes with `first` only.");
  return backwards ? { last: Math.min(last ?? cap, cap) } : { first: Math.min(first ?? cap, cap) };
}

function refusal(message: string): SafeError {
  return new SafeError(message, { code: "HW422" });
}
