import type { Ground } from "./ground.ts";
import { reply } from "./reply.ts";
import type { Control } from "./seams.ts";
import { allMessages } from "./store/messages.ts";

export function createControl({ store }: Ground): Control {
  return {
    answer: async ({ method, path }) => {
      if (method === "GET" && path === "/_control/messages") return reply({ Messages: allMessages(store) });
      return undefined;
    },
  };
}
