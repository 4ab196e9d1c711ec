import {
  type ASTVisitor,
  GraphQLError,
  type GraphQLScalarTypeConfig,
  type ValidationContext,
} from "postgraphile/graphql";
import { messageOf } from "#errors.ts";
import { type Check, checks } from "#graphql/scalars.ts";

type Scalar = GraphQLScalarTypeConfig<unknown, unknown>;

/** Refuses what Postgres could not read, while it is still known which field it stands in; all faults at once. */
export function checkedInput(): GraphileConfig.Plugin {
  return {
    name: "HowdahCheckedInputPlugin",
    version: "0.0.0",
    schema: {
      hooks: {
        GraphQLScalarType(config) {
          return withCheck(config as Scalar, checks[config.name] ?? anything);
        },
      },
    },
    grafserv: {
      middleware: {
        setPreset(next, event) {
          event.validationRules.push(storableLiterals);
          return next();
        },
      },
    },
    grafast: {
      middleware: {
        execute: (next, { args }) => refusalOf(args.variableValues) ?? next(),
        subscribe: (next, { args }) => refusalOf(args.variableValues) ?? next(),
      },
    },
  };
}

const anything: Check = { accepts: () => true, must: "" };

function withCheck(config: Scalar, check: Check): Scalar {
  const { parseValue = (value) => value, parseLiteral } = config;
  return {
    ...config,
    parseValue: (value) => checked(parseValue(value), check),
    ...(parseLiteral && {
      parseLiteral(node, variables) {
        try {
          return checked(parseLiteral(node, variables), check);
        } catch (error) {
          throw new GraphQLError(messageOf(error), { nodes: node }); // a scalar does not say where it stands
        }
      },
    }),
  };
}

function checked(value: unknown, { accepts, must }: Check): unknown {
  if (typeof value === "string" && !accepts(value)) throw new GraphQLError(`It must be ${must}.`);
  return value;
}

function storableLiterals(context: ValidationContext): ASTVisitor {
  return {
    StringValue(node) {
      if (!isStorable(node.value)) context.reportError(new GraphQLError(notStorable, { nodes: node }));
    },
  };
}

function refusalOf(variables: unknown): { errors: GraphQLError[] } | undefined {
  const fields = faultyFieldsOf(variables);
  if (fields.length === 0) return undefined;
  const errors = fields.map(
    (field) => new GraphQLError(notStorable, { extensions: { code: "HW422", field } }),
  );
  return { errors };
}

/** Without recursion: how deep it goes is up to the client. */
function faultyFieldsOf(variables: unknown): string[] {
  const fields: string[] = [];
  const left: [field: string, value: unknown][] = [["", variables]];
  for (let next = left.pop(); next; next = left.pop()) {
    const [field, value] = next;
    if (typeof value === "string") {
      if (!isStorable(value)) fields.unshift(field);
    } else if (Array.isArray(value)) for (const each of value) left.push([field, each]);
    else if (typeof value === "object" && value !== null) left.push(...Object.entries(value));
  }
  return fields;
}

function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

const notStorable = "The text holds a character that cannot be stored: NUL, or half of a surrogate pair.";
