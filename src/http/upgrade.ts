import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";

export type SocketAcceptor = AsyncDisposable & {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
};

/**
 * Hands websocket handshakes at <anything>/websocket to the relay; all others are told 404. The relay says goodbye to
 * its sockets before the server closes, because the server waits for them.
 */
export function acceptSockets(app: FastifyInstance, relay: SocketAcceptor | undefined): void {
  if (relay) app.addHook("preClose", () => relay[Symbol.asyncDispose]());
  app.server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {}); // a client that vanishes during the handshake is no event
    if (relay && isSocketPath(request.url)) relay.handleUpgrade(request, socket, head);
    else socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
}

function isSocketPath(url = ""): boolean {
  return (url.split("?", 1)[0] ?? "").endsWith("/websocket");
}
