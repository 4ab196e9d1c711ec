/** Topic, without its prefix, and id of a message from the database: a binary frame of kind 4. */
export function readBroadcast(frame: Buffer): { topic: string; id: string } {
  if (frame[0] !== 4) throw new Error(`The client cannot decode kind ${frame[0]}.`);
  const [topicBytes = 0, eventBytes = 0, metaBytes = 0] = frame.subarray(1, 4);
  const topic = frame.toString("utf8", 5 + "realtime:".length, 5 + topicBytes);
  const metaAt = 5 + topicBytes + eventBytes;
  const { id } = JSON.parse(frame.toString("utf8", metaAt, metaAt + metaBytes));
  return { topic, id };
}
