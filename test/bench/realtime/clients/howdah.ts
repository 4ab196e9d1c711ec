import type { Dialect } from "./dialect.ts";

const pushKind = 3;
const messageKind = 4;
const json = 1;
const joinRef = "1";

/** Supabase's protocol, vsn 2.0.0, with binary broadcasts, as realtime-js speaks it. */
export const howdah: Dialect = {
  url: (port, apikey) => `ws://127.0.0.1:${port}/socket/websocket?apikey=${apikey}&vsn=2.0.0`,
  greets: () => true,
  join(room) {
    const config = { broadcast: { ack: false, self: false }, presence: { enabled: false }, private: false };
    return JSON.stringify([joinRef, joinRef, topicOf(room), "phx_join", { config }]);
  },
  hasJoined(text) {
    const [, ref, , event, payload] = JSON.parse(text);
    if (event !== "phx_reply" || ref !== joinRef) return false;
    if (payload.status !== "ok") throw new Error(`A join was refused: ${text}`);
    return true;
  },
  say(room, message) {
    const fields = [joinRef, "2", topicOf(room), "said", ""].map((field) => Buffer.from(field));
    const head = Buffer.from([pushKind, ...fields.map(({ length }) => length), json]);
    return Buffer.concat([head, ...fields, Buffer.from(JSON.stringify(message))]);
  },
  isMessage: (frame, isBinary) => isBinary && frame[0] === messageKind,
  read(frame) {
    const payloadAt = 5 + (frame[1] ?? 0) + (frame[2] ?? 0) + (frame[3] ?? 0);
    return JSON.parse(frame.toString("utf8", payloadAt));
  },
  answer: () => undefined,
  heartbeat: '[null,"h","phoenix","heartbeat",{}]',
};

function topicOf(room: string): string {
  return `realtime:${room}`;
}
