import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";

export type SocketAcceptor = AsyncDisposable & {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
};

export type SocketAcceptors = { relay: SocketAcceptor | undefined; graphql: SocketAcceptor | undefined };

/**
 * Hands websocket handshakes at <anything>/websocket to the relay and those at /graphql to GraphQL; all others are told
 * 404. Both say goodbye to their sockets before the server closes, because the server waits for them.
 */
export function acceptSockets(app: FastifyInstance, { relay, graphql }: SocketAcceptors): void {
  app.addHook("preClose", async () => {
    await Promise.all([relay?.[Symbol.asyncDispose](), graphql?.[Symbol.asyncDispose]()]);
  });
  app.server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {}); // a client that vanishes during the handshake is no event
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    if (relay && path.endsWith("/websocket")) relay.handleUpgrade(request, socket, head);
    else if (graphql && path === "/graphql") graphql.handleUpgrade(request, socket, head);
    else socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
}
