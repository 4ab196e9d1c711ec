import type { IncomingMessage, ServerResponse } from "node:http";
import { sendFile } from "./pages/files.ts";
import { listLetters, readLetter, versionOf } from "./pages/letters.ts";
import { reply } from "./reply.ts";
import type { Store } from "./store/store.ts";

/** Answers with the page for people, or with what it shows; false: the path is neither. */
export type Pages = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  path: string,
) => Promise<boolean>;

export function createPages(store: Store): Pages {
  return async (request, response, { searchParams }, path) => {
    if (request.method !== "GET") return false;
    if (await sendFile(response, path)) return true;
    const [, id] = /^\/_letters(?:\/([^/]+))?$/.exec(path) ?? [];
    if (id !== undefined) sendLetter(store, response, id);
    else if (path === "/_letters") sendList(store, request, response, searchParams);
    else return false;
    return true;
  };
}

/** Asked for every second or two: while nothing has happened, no more than that is said. */
function sendList(
  store: Store,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): void {
  const etag = `"${versionOf(store)}"`;
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  const { headers, body } = reply(
    listLetters(store, {
      text: query.get("text") ?? "",
      stream: query.get("stream") ?? "",
      before: Number(query.get("before") ?? 0),
    }),
  );
  response.writeHead(200, { ...headers, etag, "cache-control": "no-cache" }).end(body);
}

function sendLetter(store: Store, response: ServerResponse, id: string): void {
  const letter = readLetter(store, id);
  const { status, headers, body } = letter
    ? reply(letter)
    : reply({ ErrorCode: 701, Message: "This letter is not here any more." }, 404);
  response.writeHead(status, { ...headers, "cache-control": "no-store" }).end(body);
}
