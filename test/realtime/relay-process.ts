import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openPool } from "#db/pool.ts";
import { Relay } from "#realtime/relay.ts";

const [, , databaseUrl = "", jwtSecret = "", options = "{}"] = process.argv;
const pool = openPool(databaseUrl, "test-relay");
const relay = new Relay({ databaseUrl, jwtSecret, pool, ...JSON.parse(options) });
await relay.start();
const server = createServer((_request, response) => response.writeHead(404).end());
server.on("upgrade", (request, socket, head) => relay.handleUpgrade(request, socket, head));
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
