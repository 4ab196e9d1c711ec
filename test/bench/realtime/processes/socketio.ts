import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { loadPeer } from "../../support/peers.ts";
import { optionsOf, serve, serverApi } from "./serve.ts";

type Client = {
  on(event: string, listener: (...args: never[]) => void): unknown;
  join(room: string): unknown;
  to(room: string): { emit(event: string, message: unknown): unknown };
};
type SocketIo = {
  Server: new (
    server: unknown,
    options: object,
  ) => { on(event: "connection", hear: (client: Client) => void): unknown };
};
type Redis = { duplicate(): Redis; on(event: "error", listener: (error: Error) => void): unknown };
type IoRedis = { Redis: new (port: number, host: string) => Redis };
type Adapter = { createAdapter(publisher: Redis, subscriber: Redis): unknown };

const { redisPort } = optionsOf<{ redisPort: number }>();
const { Server } = loadPeer<SocketIo>("socket.io");
const { createAdapter } = loadPeer<Adapter>("socket.io", "@socket.io/redis-adapter");

/** socket.io as its documents set it up, websockets only; a client joins a room and speaks to the others in it. */
const server = createServer((_request, response) => response.writeHead(404).end());
const publisher = new (loadPeer<IoRedis>("socket.io", "ioredis").Redis)(redisPort, "127.0.0.1");
const subscriber = publisher.duplicate();
for (const redis of [publisher, subscriber]) redis.on("error", (error) => console.error(error));
const io = new Server(server, { transports: ["websocket"], adapter: createAdapter(publisher, subscriber) });
io.on("connection", (client) => {
  client.on("join", (room: string, done: () => void) => {
    client.join(room);
    done();
  });
  client.on("say", (room: string, message: unknown) => client.to(room).emit("said", message));
});
server.listen(0, "127.0.0.1", 4096);
await once(server, "listening");
serve(serverApi((server.address() as AddressInfo).port));
