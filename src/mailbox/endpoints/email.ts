import { isObject } from "#lib/is-object.ts";
import { acceptMany, acceptOne, orFault } from "../accept.ts";
import { type Endpoint, manyMessages, oneMessage } from "../call.ts";
import { parseFields } from "../fields.ts";
import { Fault } from "../reply.ts";
import { parseTemplated } from "../templates/templated.ts";

export const emailEndpoints: Endpoint[] = [
  {
    method: "POST",
    path: /^\/email$/i,
    limit: oneMessage,
    run: (call) => acceptOne(call, parseFields(call.body())),
  },
  {
    method: "POST",
    path: /^\/email\/batch$/i,
    limit: manyMessages,
    run: (call) => {
      const messages = listOf(call.body(), "$");
      return acceptMany(
        call,
        messages.map((message, index) => parseFields(message, `$[${index}]`)),
      );
    },
  },
  {
    method: "POST",
    path: /^\/email\/withTemplate$/i,
    limit: oneMessage,
    run: (call) => acceptOne(call, parseTemplated(call.ground, call.body()).fill()),
  },
  {
    method: "POST",
    path: /^\/email\/batchWithTemplates$/i,
    limit: manyMessages,
    run: (call) => {
      const body = call.body();
      const messages = listOf(isObject(body) ? body.Messages : undefined, "$.Messages");
      const parsed = messages.map((each, index) => parseTemplated(call.ground, each, `$.Messages[${index}]`));
      return acceptMany(
        call,
        parsed.map(({ fill }) => orFault(fill)),
      );
    },
  },
];

/** Throws Fault 403 for what is no list and 410 for one that is too long. */
function listOf(list: unknown, path: string): unknown[] {
  if (!Array.isArray(list)) throw new Fault(403, `Invalid request field(s): ${path}`);
  if (list.length > 500)
    throw new Fault(410, "You may only send up to 500 messages in a single batched request.");
  return list;
}
