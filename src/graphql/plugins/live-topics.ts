import {
  context,
  type ExecutionDetails,
  type FieldArgs,
  get,
  lambda,
  type Step,
  Step as StepClass,
} from "postgraphile/grafast";
import { extendSchema, gql } from "postgraphile/utils";
import type { Claims } from "#auth/claims.ts";
import { AppError } from "#errors.ts";
import type { Topics } from "#graphql/topics.ts";

type Asked = { name: string; private?: boolean | null; after?: string | null };

const typeDefs = gql`
  extend type Subscription {
    """
    What the database sends to a topic, from now on, in order and without a gap. Errors: HW401 when the token expires, HW403 when one may not listen (any more), HW409 when what came after \`after\` is no longer kept, HW429 when it is read too slowly, HW503 when it was interrupted: then subscribe again with \`after\`.
    """
    topic(
      "The topic's name, such as \`room:<id>\`."
      name: String!
      "Whether it is a private topic, to which policies say who may listen."
      private: Boolean = true
      "The \`seq\` of the last message that is known: those sent since then come first."
      after: BigInt
    ): TopicMessage
  }

  "A message that was sent to a topic."
  type TopicMessage {
    "The id of the message."
    id: UUID!
    "The number of the message in its topic; it only grows."
    seq: BigInt!
    "What happened, in a word."
    event: String!
    "What was sent with it; null if that was bytes."
    payload: JSON
    "Bytes that were sent with it, in Base64."
    bytes: String
  }
`;

/** \`subscription { topic(name: …) }\`: live messages for those who do not speak the relay's protocol. */
export function liveTopics(topics: Topics | undefined): GraphileConfig.Plugin {
  return extendSchema({
    typeDefs,
    objects: {
      Subscription: {
        plans: {
          topic: {
            subscribePlan: (_$root: Step, args: FieldArgs) =>
              new TopicStep(topics, args.getRaw(), context().get("claims")),
            plan: ($message: Step) => $message,
          },
        },
      },
      TopicMessage: {
        plans: {
          bytes: ($message: Step) =>
            lambda(get($message, "bytes"), (bytes: Buffer | null) => bytes?.toString("base64") ?? null),
        },
      },
    },
  });
}

class TopicStep extends StepClass {
  readonly #topics: Topics | undefined;

  constructor(topics: Topics | undefined, $asked: Step, $claims: Step) {
    super();
    this.#topics = topics;
    this.addDependency($asked);
    this.addDependency($claims);
  }

  override execute({ indexMap, values: [asked, claims] }: ExecutionDetails) {
    return indexMap((i) => this.#listen(asked?.at(i) as Asked, claims?.at(i) as Claims | undefined));
  }

  #listen({ name, private: isPrivate, after }: Asked, claims: Claims = nobody) {
    if (!this.#topics) throw new AppError("HW503", "There are no live topics here: ask another process.");
    if (name === "") throw new AppError("HW422", "A topic has a name, such as room:<id>.");
    return this.#topics.listen(
      { room: { name, private: isPrivate ?? true }, after: after ?? undefined },
      claims,
    );
  }
}

const nobody: Claims = { role: "anon", exp: 4_102_444_800 };
