import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError, codeOf } from "#errors.ts";
import { createApi } from "./api.ts";
import { Clock } from "./clock.ts";
import { createControl } from "./control/control.ts";
import { createFaults } from "./faults/faults.ts";
import type { Ground } from "./ground.ts";
import { createTracking } from "./letter/tracking.ts";
import { startLife } from "./lifecycle.ts";
import { createListener } from "./listener.ts";
import { readSetting } from "./store/settings.ts";
import { openStore } from "./store/store.ts";

export type MailboxOptions = {
  /** The file of its store, or ":memory:". */
  file: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** Default 127.0.0.1 */
  host?: string;
  /** Names by which it may be called besides addresses and localhost. */
  names?: readonly string[];
};

export type Mailbox = AsyncDisposable & { url: string; port: number };

/**
 * Postmark on this machine: its API at / and at /postmark, the control of its behaviour at /_control, and a page to
 * read what it keeps. Throws AppError `CannotListen`.
 */
export async function startMailbox(options: MailboxOptions): Promise<Mailbox> {
  const { file, port = 0, host = "127.0.0.1", names = [] } = options;
  await using stack = new AsyncDisposableStack();
  const store = stack.use(openStore(file));
  const clock = stack.adopt(new Clock(readSetting(store, "clockOffsetMs", 0)), (running) => running.stop());
  const life = stack.use(startLife({ store, clock }));
  const ground: Ground = { store, clock, lifecycle: life.lifecycle };
  const faults = createFaults(clock);
  const parts = {
    api: createApi(ground),
    faults,
    control: createControl({ store, clock, faults, life }),
    tracking: createTracking(life.scene),
  };
  const server = createServer({ requestTimeout: 120_000 }, createListener({ ...parts, file, names }));
  const taken = await listen(server, port, host);
  stack.defer(() => close(server));
  const running = stack.move();
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${shown === "0.0.0.0" || shown === "[::]" ? "127.0.0.1" : shown}:${taken}`,
    port: taken,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", (cause) =>
    reject(new AppError("CannotListen", cannotListen(codeOf(cause), port, host), { cause })),
  );
  server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  return promise;
}

function cannotListen(code: string | undefined, port: number, host: string): string {
  if (code === "EADDRINUSE")
    return `Port ${port} of the mailbox is in use: stop the program that uses it, or set MAILBOX_PORT to another one.`;
  return `The mailbox cannot listen on ${host}:${port} (${code}): set MAILBOX_PORT or HOST.`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
