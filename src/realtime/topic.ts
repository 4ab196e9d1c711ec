import { RealtimeError } from "./errors.ts";

const prefix = "realtime:";

/** Where messages meet: a private and a public room of one name are different rooms. */
export type Room = Readonly<{ name: string; private: boolean }>;

/** `realtime:room:1` → `room:1`. Throws RealtimeError for names that cannot be joined. */
export function nameOfTopic(topic: string): string {
  if (!topic.startsWith(prefix)) throw new RealtimeError(undefined, "unmatched topic");
  const name = topic.slice(prefix.length);
  if (name === "") throw new RealtimeError("TopicNameRequired", "You must provide a topic name");
  if (name.includes("\0")) throw new RealtimeError("TopicNameRequired", "A topic name must not contain NUL");
  return name;
}

export function topicOfName(name: string): string {
  return prefix + name;
}

export function keyOf(room: Room): string {
  return (room.private ? "private:" : "public:") + room.name;
}
