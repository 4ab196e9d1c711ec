import { acceptMany, acceptOne } from "../accept.ts";
import { type Endpoint, manyMessages, oneMessage } from "../call.ts";
import { parseFields } from "../fields.ts";
import { Fault } from "../reply.ts";

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
    run: (call) =>
      acceptMany(
        call,
        listOfMessages(call.body()).map((message, index) => parseFields(message, `$[${index}]`)),
      ),
  },
];

/** Throws Fault 403 for what is no list and 410 for one that is too long. */
export function listOfMessages(list: unknown, path = "$"): unknown[] {
  if (!Array.isArray(list)) throw new Fault(403, `Invalid request field(s): ${path}`);
  if (list.length > 500)
    throw new Fault(410, "You may only send up to 500 messages in a single batched request.");
  return list;
}
