import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import path from "node:path";
import { codeOf } from "#errors.ts";

const built = path.resolve(import.meta.dirname, "../../../dist/mailbox");

const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** The built page: letters may bring styles of their own, never scripts, and load nothing from elsewhere. */
const security = {
  "content-security-policy":
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

/** False where the path is no file of the page. */
export async function sendFile(response: ServerResponse, path: string): Promise<boolean> {
  const name = path === "/" ? "index.html" : /^\/(icon\.svg|assets\/[\w-][\w.-]*)$/.exec(path)?.[1];
  if (name === undefined) return false;
  const content = await contentOf(name);
  if (content === undefined && name !== "index.html") return false;
  const lasting = name.startsWith("assets/");
  response
    .writeHead(content === undefined ? 503 : 200, {
      ...security,
      "content-type": types[name.split(".").at(-1) ?? ""] ?? "application/octet-stream",
      "cache-control": lasting ? "public, max-age=31536000, immutable" : "no-cache",
    })
    .end(content ?? "<!doctype html><title>Mailbox</title><p>The page is not built: run npm run web.</p>");
  return true;
}

async function contentOf(name: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path.join(built, name));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
