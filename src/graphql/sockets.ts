import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CloseCode, type Context, type OperationResult, type ServerOptions } from "graphql-ws";
import { useServer as serve } from "graphql-ws/use/ws";
import { execute, subscribe } from "postgraphile/grafast";
import type { GrafservBase } from "postgraphile/grafserv";
import { type FormattedExecutionResult, GraphQLError } from "postgraphile/graphql";
import { type WebSocket, WebSocketServer } from "ws";
import type { Claims } from "#auth/claims.ts";
import type { Verifier } from "#auth/jwt.ts";
import { messageOf } from "#errors.ts";
import { argumentsFor } from "#graphql/socket-operation.ts";
import { Allowance } from "#lib/allowance.ts";

export type SocketLimits = {
  /** Websockets of this process. */
  connections: number;
  /** Operations that run at once on one of them, subscriptions among them. */
  operations: number;
  /** Operations that may begin in a second on one of them. */
  operationsPerSecond: number;
};

export type GraphqlSockets = AsyncDisposable & {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
};

type Extra = { socket: WebSocket; request: IncomingMessage } & Partial<Person>;

/** Whose websocket it is, and what is kept of it. */
type Person = { claims: Claims | undefined; begins: Allowance; expiry: NodeJS.Timeout | undefined };

const maxPayload = 100_000;
const keepAliveMs = 12_000;
const longestMs = 2 ** 31 - 1;

/** GraphQL over websockets, by the protocol graphql-transport-ws. The token comes with connection_init, or the handshake. */
export function openSockets(server: GrafservBase, verify: Verifier, limits: SocketLimits): GraphqlSockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
  const serving = serve<Record<string, unknown>, Extra>(
    { ...optionsFor(server, verify, limits), isProd: true },
    sockets,
    keepAliveMs,
  );
  let ended: Promise<unknown> | undefined;
  return {
    handleUpgrade(request, socket, head) {
      if (sockets.clients.size >= limits.connections) return refuse(socket);
      sockets.handleUpgrade(request, socket, head, (client) => sockets.emit("connection", client, request));
    },
    async [Symbol.asyncDispose]() {
      ended ??= Promise.resolve(serving.dispose());
      await ended;
    },
  };
}

function optionsFor(
  server: GrafservBase,
  verify: Verifier,
  limits: SocketLimits,
): ServerOptions<Record<string, unknown>, Extra> {
  const { maskError } = server.dynamicOptions;
  return {
    connectionInitWaitTimeout: 5000,
    async onConnect({ extra, connectionParams }) {
      try {
        const token = tokenIn(connectionParams) ?? extra.request.headers.authorization;
        extra.claims = token === undefined ? undefined : await verify(bare(token));
      } catch (error) {
        extra.socket.close(CloseCode.Forbidden, messageOf(error).slice(0, 100));
        return false;
      }
      extra.begins = new Allowance(limits.operationsPerSecond, 1000);
      extra.expiry = closeWhenExpired(extra);
      return true;
    },
    onSubscribe: async (context, _id, payload) => {
      const refused = refusalOf(context, limits);
      if (refused) return [refused];
      try {
        return await argumentsFor(server, context.extra.claims, payload);
      } catch (error) {
        return [new GraphQLError(messageOf(error), { originalError: error as Error })];
      }
    },
    execute: (args) => execute(args) as OperationResult,
    subscribe: (args) => subscribe(args) as OperationResult,
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors && ({ ...result, errors: result.errors.map(maskError) } as FormattedExecutionResult),
    onError: (_context, _id, _payload, errors) => errors.map((error) => maskError(error as GraphQLError)),
    onDisconnect: ({ extra }) => clearTimeout(extra.expiry),
  };
}

function tokenIn(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const found = Object.entries(params ?? {}).find(
    ([name, value]) => /^(authorization|token|accessToken)$/i.test(name) && typeof value === "string",
  );
  return found?.[1] as string | undefined;
}

function bare(token: string): string {
  return token.replace(/^bearer\s+/i, "");
}

/** Its subscriptions end by themselves, each with an error; 4403 makes the client come back with a fresh token. */
function closeWhenExpired({ claims, socket }: Extra): NodeJS.Timeout | undefined {
  if (!claims) return undefined;
  const leftMs = claims.exp * 1000 - Date.now() + 250;
  if (leftMs > longestMs) return undefined;
  return setTimeout(() => socket.close(CloseCode.Forbidden, "The token has expired"), leftMs).unref();
}

function refusalOf(
  { extra, subscriptions }: Context<Record<string, unknown>, Extra>,
  limits: SocketLimits,
): GraphQLError | undefined {
  if (extra.claims && extra.claims.exp * 1000 <= Date.now())
    return refusal("HW401", "The token has expired: connect again with a fresh one.");
  if (Object.keys(subscriptions).length > limits.operations)
    return refusal("HW429", `More than ${limits.operations} operations at once: end some first.`);
  if (!extra.begins?.take())
    return refusal("HW429", `More than ${limits.operationsPerSecond} operations in a second: wait a moment.`);
  return undefined;
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

function refuse(socket: Duplex): void {
  socket.once("finish", () => socket.destroy());
  socket.end("HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}
