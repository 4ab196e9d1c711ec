import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { serve, serverApi } from "../../realtime/processes/serve.ts";
import type { ActionName } from "../actions.ts";

/** Serves the actions by their names, over plain node:http; `answer` gets the variables in their order. */
export async function serveActions(answer: (action: ActionName, values: unknown[]) => Promise<unknown>) {
  const server = createServer(async (request, response) => {
    try {
      const values = Object.values(JSON.parse(await bodyOf(request)));
      const body = JSON.stringify(await answer((request.url ?? "").slice(1) as ActionName, values));
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      });
      response.end(body);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  serve(serverApi((server.address() as AddressInfo).port));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}
