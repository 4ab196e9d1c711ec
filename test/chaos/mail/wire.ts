import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** In the middle of a request's body; when the answer is on its way, so that the mailbox has taken the letters. */
export type WirePoint = "body" | "answer";

/** One sender's way to the mailbox, which can be cut at a point of its choice. */
export type Wire = AsyncDisposable & {
  url: string;
  /** The next hand-over gets no further than to `point`; resolves when it is there. */
  cutAt(point: WirePoint): Promise<void>;
  /** What is to come goes through again. */
  mend(): void;
};

export async function openWire(mailboxUrl: string): Promise<Wire> {
  const { hostname, port } = new URL(mailboxUrl);
  const sockets = new Set<Socket>();
  const trap: Trap = {};
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    join(near, far, trap);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutAt(point) {
      const { promise, resolve } = Promise.withResolvers<void>();
      trap.armed = { point, reached: resolve };
      return promise;
    },
    mend() {
      trap.armed = undefined;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

type Trap = { armed?: { point: WirePoint; reached(): void } | undefined };

/** Bytes both ways, and either end's death told to the other as it was. */
function join(near: Socket, far: Socket, trap: Trap): void {
  let left = Number.POSITIVE_INFINITY; // bytes that may still pass to the mailbox
  let isHandOver = false;
  let isCut = false;
  const cut = () => {
    isCut = true;
    trap.armed?.reached();
    trap.armed = undefined;
  };
  near.on("data", (chunk) => {
    if (isCut) return;
    if (startsRequest(chunk)) isHandOver = isBatch(chunk);
    if (isHandOver && trap.armed?.point === "body" && startsRequest(chunk)) left = halfOf(chunk);
    far.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) cut();
  });
  far.on("data", (chunk) => {
    if (isHandOver && trap.armed?.point === "answer") cut();
    if (!isCut) near.write(chunk);
  });
  pass(near, far);
  pass(far, near);
}

function pass(from: Socket, to: Socket): void {
  from.on("error", () => to.resetAndDestroy());
  from.on("close", () => to.end());
}

function startsRequest(chunk: Buffer): boolean {
  return /^(GET|POST) \//.test(chunk.toString("latin1", 0, 6));
}

function isBatch(chunk: Buffer): boolean {
  return /^POST \S*\/email\/batch /.test(chunk.toString("latin1", 0, 100));
}

/** The head, and half of the body that it announces. */
function halfOf(chunk: Buffer): number {
  const head = chunk.indexOf("\r\n\r\n") + 4;
  const length = /content-length: (\d+)/i.exec(chunk.toString("latin1", 0, head))?.[1];
  return head + Math.floor(Number(length) / 2);
}
