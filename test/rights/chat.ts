import { inGroup, type Rights } from "../support/rights/noun.ts";

export default {
  rows: {
    room: "select id from chat.rooms where group_id = :group",
    message: "select (chat.send_message(:room, 'Hello', gen_random_uuid())).id",
  },
  reads: {
    "chat.rooms": { where: "id = :room", by: inGroup },
    "chat.messages": { where: "id = :message", by: inGroup },
  },
  acts: {
    "chat.send_message(:room, 'Hello', gen_random_uuid())": inGroup,
    "chat.is_in_room(:room)": inGroup,
  },
  never: {
    "chat.send_message(gen_random_uuid(), 'Hello', gen_random_uuid())":
      "chat.send_message(:room, 'Hello', gen_random_uuid())",
  },
  topics: {
    "room:{room}": { hear: inGroup, speak: [] },
    "room:{room}:live": { hear: inGroup, speak: inGroup },
  },
  functions: {
    mutations: ["chat.send_message"],
    signedIn: ["chat.is_in_room", "chat.is_in_topic"],
  },
} satisfies Rights;
