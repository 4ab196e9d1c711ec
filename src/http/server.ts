import type { ListenOptions } from "node:net";
import cookie from "@fastify/cookie";
import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import fastify, { type FastifyInstance } from "fastify";
import { AppError, codeOf } from "#errors.ts";
import { checkHost } from "#http/host-check.ts";
import { allowedOrigins } from "#http/origin-check.ts";
import { respondToError } from "#http/respond.ts";
import { addRoutes, type Surface } from "#http/routes.ts";
import { acceptSockets } from "#http/upgrade.ts";

/** Bytes; routes that need more say so. */
const bodyLimit = 100_000;

/** The one HTTP server: listening when returned, closed by its disposal within a few seconds. */
export async function startServer(surface: Surface): Promise<AsyncDisposable> {
  const app = await buildServer(surface);
  await listen(app, surface.config);
  return {
    async [Symbol.asyncDispose]() {
      const closed = app.close();
      app.server.closeIdleConnections();
      setTimeout(() => app.server.closeAllConnections(), 2000).unref();
      await closed;
    },
  };
}

async function buildServer(surface: Surface): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit,
    logger: false,
    trustProxy: surface.config.trustProxy ? nearestOnly : false,
    forceCloseConnections: "idle",
    requestTimeout: 30_000,
  });
  app.removeContentTypeParser("text/plain"); // only JSON, which no foreign page can send without asking first
  app.setErrorHandler(respondToError);
  checkHost(app, surface.config);
  await app.register(helmet, securityHeaders(surface.config.publicUrl));
  await app.register(cors, {
    origin: allowedOrigins(surface.config),
    credentials: !surface.config.corsOrigins.includes("*"),
    methods: ["GET", "POST", "OPTIONS"],
    maxAge: 600,
  });
  await app.register(cookie);
  await app.register(rateLimit, { global: false, errorResponseBuilder: tooMany });
  await addRoutes(app, surface);
  acceptSockets(app, { relay: surface.relay, graphql: surface.graphql?.sockets });
  return app;
}

/** The addresses before that of our own proxy are whatever the client wrote. */
function nearestOnly(_address: string, hop: number): boolean {
  return hop === 0;
}

function tooMany(_request: unknown, { after }: { after: string }): AppError {
  return new AppError("TooMany", `Too many requests: try again in ${after}.`, { status: 429 });
}

type Address = Pick<Surface["config"], "host" | "port" | "sharePort">;

async function listen(app: FastifyInstance, { host, port, sharePort }: Address): Promise<void> {
  try {
    const options: ListenOptions = { host, port, reusePort: sharePort };
    await app.listen(options);
  } catch (cause) {
    throw new AppError("CannotListen", cannotListen(codeOf(cause), host, port), { cause });
  }
}

function cannotListen(code: string | undefined, host: string, port: number): string {
  if (code === "EADDRINUSE")
    return `Port ${port} is in use: stop the program that uses it, or set PORT to another one.`;
  if (code === "ENOTSUP")
    return "This system does not let processes share a port: set SHARE_PORT=off, and put a proxy before them.";
  if (code === "EACCES") return `Port ${port} may not be used by this user: set PORT to 1024 or higher.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `HOST ${host} is not an address of this machine: set HOST to 127.0.0.1 or 0.0.0.0.`;
  return `The HTTP server cannot listen on ${host}:${port} (${code}).`;
}

function securityHeaders(publicUrl: string) {
  const secure = publicUrl.startsWith("https:");
  return {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'", publicUrl.replace(/^http/, "ws")],
        frameAncestors: ["'none'"],
        upgradeInsecureRequests: secure ? [] : null,
      },
    },
    crossOriginResourcePolicy: { policy: "cross-origin" as const }, // frontends of other origins use the API; CORS decides
    strictTransportSecurity: secure,
  };
}
