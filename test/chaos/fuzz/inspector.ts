/** What a client of Supabase could not bear in a frame, or undefined. Text is that of a version, bytes are of 2.0.0. */
export function faultOf(version: "1.0.0" | "2.0.0", data: Buffer, isBinary: boolean): string | undefined {
  try {
    if (isBinary) checkBinary(data);
    else checkFrame(version, JSON.parse(utf8(data)));
    return undefined;
  } catch (error) {
    const shown = data.subarray(0, 200).toString();
    return `${error instanceof Error ? error.message : error}: ${shown}`;
  }
}

function checkBinary(frame: Buffer): void {
  require(frame[0] === 4, "kind is not 4");
  const [, topic = 0, event = 0, meta = 0, encoding] = frame;
  require(5 + topic + event + meta <= frame.length, "sizes are wrong");
  require(encoding === 0 || encoding === 1, "encoding is unknown");
  const at = 5 + topic + event;
  utf8(frame.subarray(5, at));
  require(frame.toString("utf8", 5).startsWith("realtime:"), "topic has no prefix");
  if (meta > 0) require(isObject(JSON.parse(utf8(frame.subarray(at, at + meta)))), "meta is no object");
  if (encoding === 1) JSON.parse(frame.toString("utf8", at + meta));
}

function checkFrame(version: "1.0.0" | "2.0.0", frame: unknown): void {
  if (version === "1.0.0") {
    require(isObject(frame), "no object");
    const { topic, event, payload, ref } = frame as Record<string, unknown>;
    check(ref, ref, topic, event, payload);
  } else {
    require(Array.isArray(frame) && frame.length === 5, "no array of five");
    const [joinRef, ref, topic, event, payload] = frame as unknown[];
    check(joinRef, ref, topic, event, payload);
  }
}

function check(joinRef: unknown, ref: unknown, topic: unknown, event: unknown, payload: unknown): void {
  for (const each of [joinRef, ref]) require(each === null || typeof each === "string", "a ref is no text");
  require(typeof topic === "string" && typeof event === "string", "topic or event is no text");
  require(isObject(payload), "payload is no object");
  const body = payload as Record<string, unknown>;
  if (event !== "postgres_changes") require(!Object.hasOwn(body, "ids"), "payload has ids");
  if (event === "phx_reply") require(isObject(body.response), "a reply has no response");
  if (event === "broadcast")
    require(body.type === "broadcast" && typeof body.event === "string", "a broadcast lacks its event");
  if (event === "presence_state") checkRoster(body);
  if (event === "presence_diff") for (const part of ["joins", "leaves"]) checkRoster(body[part]);
}

function checkRoster(roster: unknown): void {
  require(isObject(roster), "a roster is no object");
  for (const [key, entry] of Object.entries(roster as object)) {
    require(key !== "ids" && key !== "__proto__", `a presence key is ${key}`);
    require(isObject(entry) && Array.isArray(entry.metas) && entry.metas.length > 0, "an entry has no metas");
    for (const meta of entry.metas as unknown[])
      require(isObject(meta) && typeof meta.phx_ref === "string", "a meta has no phx_ref");
  }
}

const strict = new TextDecoder("utf-8", { fatal: true });

function utf8(bytes: Buffer): string {
  return strict.decode(bytes);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function require(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
