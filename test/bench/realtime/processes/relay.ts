import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openPool } from "#db/pool.ts";
import type { Limits } from "#realtime/limits.ts";
import { Relay } from "#realtime/relay.ts";
import { optionsOf, serve, serverApi } from "./serve.ts";

type Options = { databaseUrl: string; jwtSecret: string; limits: Partial<Limits> };

/** Howdah's relay, alone. */
const { databaseUrl, jwtSecret, limits } = optionsOf<Options>();
const relay = new Relay({ databaseUrl, jwtSecret, limits, pool: openPool(databaseUrl, "bench-relay") });
await relay.start();
const server = createServer((_request, response) => response.writeHead(404).end());
server.on("upgrade", (request, socket, head) => relay.handleUpgrade(request, socket, head));
server.listen(0, "127.0.0.1", 4096);
await once(server, "listening");
serve(serverApi((server.address() as AddressInfo).port));
