import { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { AppError } from "#errors.ts";
import type { Version } from "./protocol/frame.ts";

/** What an upgrade request brings along; `headers` are its x- headers, for the policies. */
export type Handshake = { version: Version; apikey: string; headers: Record<string, string> };

/** Throws AppError with the status of the refusal. */
export function readHandshake(request: IncomingMessage): Handshake {
  const url = new URL((request.url ?? "/").replace(/^\/+/, "/"), "ws://relay");
  const apikey = (header(request, "x-api-key") ?? url.searchParams.get("apikey") ?? "").replaceAll(/\s/g, "");
  if (apikey === "") throw refusal(401, "ApiKeyMissing", "Missing API key");
  return { version: versionOf(url.searchParams.get("vsn")), apikey, headers: ownHeaders(request.headers) };
}

export function refusal(status: number, code: string, message: string): AppError {
  return new AppError(code, message, { status });
}

/** Answers an upgrade request with plain HTTP. */
export function refuse(socket: Duplex, error: unknown): void {
  const status = error instanceof AppError ? error.status : 500;
  const body = JSON.stringify({ error: error instanceof AppError ? error.message : "Internal error" });
  socket.once("finish", () => socket.destroy()); // a client that never hangs up would keep the descriptor
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function versionOf(vsn: string | null): Version {
  if (vsn === null || vsn === "1.0.0") return "1.0.0";
  if (vsn === "2.0.0") return "2.0.0";
  throw refusal(400, "UnknownVersion", "vsn must be 1.0.0 or 2.0.0");
}

/** The x- headers, for the policies. */
export function ownHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith("x-") && name !== "x-api-key");
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
