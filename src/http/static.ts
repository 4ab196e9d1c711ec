import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import staticFiles from "@fastify/static";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "#errors.ts";
import { respondNotFound } from "#http/respond.ts";

const built = path.resolve(import.meta.dirname, "../../dist/web");

/** The built web app: its files with long caching, and index.html, never cached, for each of its pages. */
export async function addWeb(app: FastifyInstance): Promise<void> {
  if (!existsSync(path.join(built, "pages.json")))
    throw new AppError("WebNotBuilt", "The web app is not built: run npm run web.");
  await app.register(staticFiles, {
    root: built,
    wildcard: false,
    index: false,
    cacheControl: false,
    setHeaders: (reply, file) => reply.header("cache-control", cachingOf(file)),
  });
  for (const page of await pages()) app.get(page, (_request, reply) => reply.sendFile("index.html"));
  app.setNotFoundHandler((request, reply) => {
    if (!isBrowsing(request)) respondNotFound(request);
    return reply.code(404).sendFile("index.html"); // the app says it in its own words
  });
}

/** Where there are screens: the build has written down their first words. */
async function pages(): Promise<string[]> {
  const words = JSON.parse(await readFile(path.join(built, "pages.json"), "utf8")) as string[];
  return ["/", ...words.flatMap((word) => [`/${word}`, `/${word}/*`])];
}

function isBrowsing({ method, headers }: FastifyRequest): boolean {
  return method === "GET" && (headers.accept ?? "").includes("text/html");
}

/** The names of built files change with their content. */
function cachingOf(file: string): string {
  return file.includes(`${path.sep}assets${path.sep}`) ? "public, max-age=31536000, immutable" : "no-cache";
}
