const maxBytes = 7400;

/** The text of an envelope: `relay number part/parts body`. A NOTIFY carries less than 8000 bytes. */
export function envelopesOf(relay: string, number: number, body: string): string[] {
  const bytes = Buffer.from(body);
  if (bytes.length <= maxBytes) return [`${relay} ${number} 1/1 ${body}`];
  const parts = [...slices(bytes)];
  return parts.map((part, index) => `${relay} ${number} ${index + 1}/${parts.length} ${part}`);
}

/** Puts the parts of other relays' words together again and drops repeated ones. */
export class Assembly {
  readonly #missed: (relay: string) => void;
  readonly #last = new Map<string, number>();
  readonly #open = new Map<string, { number: number; parts: string[] }>();

  constructor(missed: (relay: string) => void) {
    this.#missed = missed;
  }

  reset(): void {
    this.#last.clear();
    this.#open.clear();
  }

  forget(relay: string): void {
    this.#last.delete(relay);
    this.#open.delete(relay);
  }

  /** The whole word when its last part has come. Throws on text that is no envelope. */
  take(envelope: string): { relay: string; body: string } | undefined {
    const match = /^([0-9a-f-]{36}) (\d+) (\d+)\/(\d+) /.exec(envelope);
    if (!match) throw new Error("not an envelope");
    const [head, relay = "", ...numbers] = match;
    const [number = 0, part = 0, parts = 0] = numbers.map(Number);
    const body = envelope.slice(head.length);
    if (number <= (this.#last.get(relay) ?? 0)) return undefined;
    if (parts === 1) return this.#whole(relay, number, body);
    return this.#gather(relay, number, part, parts, body);
  }

  #gather(relay: string, number: number, part: number, parts: number, body: string) {
    const open = part === 1 ? { number, parts: [] as string[] } : this.#open.get(relay);
    if (!open || open.number !== number || open.parts.length !== part - 1) return undefined;
    open.parts.push(body);
    this.#open.set(relay, open);
    return part === parts ? this.#whole(relay, number, open.parts.join("")) : undefined;
  }

  #whole(relay: string, number: number, body: string) {
    const last = this.#last.get(relay);
    this.#open.delete(relay);
    this.#last.set(relay, number);
    if (last !== undefined && number !== last + 1) this.#missed(relay);
    return { relay, body };
  }
}

/** Cuts at the start of a character: a NOTIFY carries text, not bytes. */
function* slices(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(start + maxBytes, bytes.length);
    while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
    yield bytes.toString("utf8", start, end);
    start = end;
  }
}
