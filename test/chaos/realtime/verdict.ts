import type { Watch } from "./watch.ts";

export type Truth = { ids: string[]; first: number; last: number };

export type Counts = {
  messages: number;
  /** What applications have in their lists, and what came over the wire. */
  deliveries: number;
  frames: number;
  joins: number;
  missing: number;
  doubled: number;
  disordered: number;
  /** Messages that were never committed. */
  invented: number;
};

/**
 * Compares what every client saw with what was committed. An application's list has to be the log of the room; and what
 * comes on one join has to be a piece of that log without a gap, whatever its application could have made good.
 */
export function compare(truths: Map<string, Truth>, watches: Watch[]): { counts: Counts; wrongs: string[] } {
  const counts = {
    messages: 0,
    deliveries: 0,
    frames: 0,
    joins: 0,
    missing: 0,
    doubled: 0,
    disordered: 0,
    invented: 0,
  };
  const wrongs: string[] = [];
  const count = (fault: keyof Counts, times: number, what: string) => {
    counts[fault] += times;
    if (times > 0) wrongs.push(`${fault}: ${times} ${what}`);
  };
  for (const [topic, { ids, first, last }] of truths) {
    counts.messages += ids.length;
    if (ids.length > 0 && (first !== 1 || last !== ids.length))
      count("missing", 1, `the numbers of ${topic} have holes: ${ids.length} from ${first} to ${last}`);
  }
  for (const { topic, seen, joins } of watches) {
    const ids = truths.get(topic)?.ids ?? [];
    const places = new Map(ids.map((id, place) => [id, place]));
    const list = look(seen, places);
    counts.deliveries += seen.length;
    count(
      "missing",
      ids.length - list.known,
      `in the list of ${topic}, the first at ${list.firstHole} of ${ids.length}`,
    );
    count("disordered", list.disordered, `in the list of ${topic}`);
    count("invented", list.invented, `in the list of ${topic}`);
    for (const [number, join] of joins.entries()) {
      const stream = look(join.ids, places);
      counts.joins++;
      counts.frames += join.ids.length;
      const where = `on join ${number} of ${topic}, ${join.ids.length} messages, ${join.replayed} replayed`;
      count("missing", stream.skipped, where);
      count("doubled", stream.doubled, where);
      count("disordered", stream.disordered, where);
    }
  }
  return { counts, wrongs };
}

/** How a list of ids lies in the log, of which `places` are the places. */
function look(ids: string[], places: Map<string, number>) {
  const found = { known: 0, doubled: 0, disordered: 0, invented: 0, skipped: 0, firstHole: 0 };
  const seen = new Set<number>();
  let [lowest, highest] = [Number.POSITIVE_INFINITY, -1];
  for (const id of ids) {
    const place = places.get(id);
    if (place === undefined) found.invented++;
    else if (seen.has(place)) found.doubled++;
    else {
      seen.add(place);
      if (place < highest) found.disordered++;
      lowest = Math.min(lowest, place);
      highest = Math.max(highest, place);
    }
  }
  found.known = seen.size;
  if (seen.size > 0) found.skipped = highest - lowest + 1 - seen.size;
  while (seen.has(found.firstHole)) found.firstHole++;
  return found;
}
