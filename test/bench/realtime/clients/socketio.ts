import type { Dialect } from "./dialect.ts";

const four = 0x34;
const two = 0x32;

/** socket.io's protocol 5 on engine.io's 4, as socket.io-client speaks it; the server beats the heart. */
export const socketIo: Dialect = {
  url: (port) => `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`,
  hello: "40",
  greets: (text) => text.startsWith("40"),
  join: (room) => `420${JSON.stringify(["join", room])}`,
  hasJoined: (text) => text.startsWith("430"),
  say: (room, message) => `42${JSON.stringify(["say", room, message])}`,
  isMessage: (frame) => frame[0] === four && frame[1] === two,
  read: (frame) => JSON.parse(frame.toString("utf8", 2))[1],
  answer: (text) => (text === "2" ? "3" : undefined),
};
