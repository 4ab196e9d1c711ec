import { installPeer, versionOf } from "../../support/peers.ts";
import { redisVersion, startRedis } from "../../support/redis.ts";
import type { Arena, Contestant } from "../contestant.ts";
import type { ServerApi } from "../processes/serve.ts";
import { Remote } from "../remote.ts";

export function socketIo({ life }: Arena): Contestant {
  const redis = redisVersion();
  let redisPort = 0;
  return {
    key: "socket.io",
    name: "socket.io",
    dialect: "socketIo",
    about: `socket.io ${versionOf("socket.io")}, @socket.io/redis-adapter ${versionOf("socket.io", "@socket.io/redis-adapter")} by ioredis ${versionOf("socket.io", "ioredis")} on Redis ${redis}, websockets only, no compression; keeps no message`,
    available: async () => (redis ? installPeer(life, "socket.io") : "there is no redis-server"),
    async prepare() {
      redisPort = await startRedis(life, "everysec");
    },
    startServer: () => Remote.fork<ServerApi>(life, "socketio.ts", { redisPort }),
    apikey: async () => "",
  };
}
