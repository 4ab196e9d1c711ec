import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "#errors.ts";
import { emit } from "#telemetry.ts";

/** The one shape of an error: `{ error: { code, message } }`. What was not meant for clients is only reported. */
export function respondToError(
  error: FastifyError | AppError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = statusOf(error);
  if (status >= 500)
    emit("http:error", { method: request.method, path: request.routeOptions.url ?? "", error });
  const told =
    status < 500 ? error : { code: "Internal", message: "Something went wrong on our side: try again." };
  reply.code(status).send({ error: { code: told.code ?? "BadRequest", message: told.message } });
}

export function respondNotFound({ method, url }: FastifyRequest): never {
  throw new AppError("NotFound", `There is nothing at ${method} ${url.split("?", 1)[0]}.`, { status: 404 });
}

function statusOf(error: FastifyError | AppError): number {
  const status = error instanceof AppError ? error.status : error.statusCode;
  return status !== undefined && status >= 400 && status < 600 ? status : 500;
}
