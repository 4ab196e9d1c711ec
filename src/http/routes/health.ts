import type { FastifyInstance } from "fastify";
import type { Surface } from "#http/routes.ts";
import { isReady } from "#ops/health.ts";

/** /healthz: this process lives. /readyz: it can do its work, which needs the database. */
export function healthRoutes({ db }: Pick<Surface, "db">) {
  return async (app: FastifyInstance) => {
    app.get("/healthz", async () => ({ status: "ok" }));
    app.get("/readyz", async (_request, reply) => {
      const ready = await isReady(db);
      return reply.code(ready ? 200 : 503).send({ status: ready ? "ok" : "database unreachable" });
    });
  };
}
