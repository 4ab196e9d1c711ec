const goodbyes = new Set([1000, 1001, 1005]);

/** Whether a client that closed its socket so means to go; the client's own heartbeat gives up with 1000 and comes back. */
export function isGoodbye(code: number, reason: string): boolean {
  return goodbyes.has(code) && reason !== "heartbeat timeout";
}
