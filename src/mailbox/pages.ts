import type { IncomingMessage, ServerResponse } from "node:http";

/** The page for people, at / and what belongs to it. False: the path is not a page. */
export async function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<boolean> {
  if (request.method !== "GET" || path !== "/") return false;
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<h1>Mailbox</h1>");
  return true;
}
