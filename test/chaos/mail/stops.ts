/** Inside of a sender: when its letters are claimed and nothing of them has left; when the whole answer is there. */
export type SenderPoint = "claimed" | "answered";

/** To a sender: where to stop, if anywhere. From it: that it stands there. */
export type StopOrder = { stopAt: SenderPoint | undefined };
export type Stopped = { stoppedAt: SenderPoint };

/** Lets this process stop at a point of its next hand-overs, until it is told to go on, or killed. */
export function listenToOrders(): void {
  let wanted: SenderPoint | undefined;
  let gate = Promise.withResolvers<void>();
  process.on("message", ({ stopAt }: StopOrder) => {
    wanted = stopAt;
    gate.resolve();
    gate = Promise.withResolvers();
  });
  const pass = async (point: SenderPoint) => {
    if (point !== wanted) return;
    process.send?.({ stoppedAt: point } satisfies Stopped);
    await gate.promise;
  };
  const send = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    if (!String(input).endsWith("/email/batch")) return send(input, init);
    await pass("claimed");
    const response = await send(input, init);
    if (wanted !== "answered") return response;
    const body = await response.text();
    await pass("answered");
    return new Response(body, response);
  };
}
