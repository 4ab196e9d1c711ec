import { bounceTypes } from "../bounce-types.ts";
import type { Call, Endpoint } from "../call.ts";
import { eastern } from "../eastern.ts";
import { parseMoment, parsePage } from "../page.ts";
import { Fault } from "../reply.ts";
import { allBounces, type Bounce, findBounce, reactivate } from "../store/bounces.ts";
import { findSuppression, removeSuppression } from "../store/suppressions.ts";

export const bounceEndpoints: Endpoint[] = [
  { method: "GET", path: /^\/deliverystats$/i, run: deliveryStatistics },
  { method: "GET", path: /^\/bounces$/i, run: listBounces },
  { method: "GET", path: /^\/bounces\/(\d+)$/i, run: (call) => shown(wanted(call), call) },
  { method: "GET", path: /^\/bounces\/(\d+)\/dump$/i, run: dump },
  { method: "PUT", path: /^\/bounces\/(\d+)\/activate$/i, run: activate },
];

const dumpKeptMs = 30 * 24 * 3_600_000;

function deliveryStatistics({ ground: { store } }: Call): object {
  const bounces = allBounces(store);
  const types = [...bounceTypes].map(([Type, { name }]) => ({
    Type,
    Name: name,
    Count: bounces.filter(({ type }) => type === Type).length,
  }));
  return {
    InactiveMails: store.get<{ count: number }>("select count(*) as count from suppressions")?.count ?? 0,
    Bounces: [{ Name: "All", Count: bounces.length }, ...types.filter(({ Count }) => Count > 0)],
  };
}

function listBounces(call: Call): object {
  const { query, ground } = call;
  const { count, offset } = parsePage(query, 1000);
  const found = allBounces(ground.store).filter(filterOf(call));
  return {
    TotalCount: found.length,
    Bounces: found.slice(offset, offset + count).map((bounce) => shown(bounce, call)),
  };
}

function filterOf({ query }: Call): (bounce: Bounce) => boolean {
  const [type, email, tag, id] = ["type", "emailfilter", "tag", "messageid"].map((name) => query.get(name));
  const inactive = query.get("inactive")?.toLowerCase();
  const stream = (query.get("messagestream") || "outbound").toLowerCase();
  const after = parseMoment(query, "fromdate", "first", 1000);
  const before = parseMoment(query, "todate", "last", 1000);
  if (type && ![...bounceTypes.keys()].some((known) => known.toLowerCase() === type.toLowerCase()))
    throw new Fault(1000, `The bounce type '${type}' is not known.`);
  return (bounce) =>
    bounce.stream === stream &&
    (!type || bounce.type.toLowerCase() === type.toLowerCase()) &&
    (!email || bounce.email.includes(email.toLowerCase())) &&
    (!tag || bounce.tag === tag) &&
    (!id || bounce.messageId === id.toLowerCase()) &&
    (!inactive || String(bounce.inactive) === inactive) &&
    (!after || bounce.bouncedAt >= after) &&
    (!before || bounce.bouncedAt <= before);
}

/** Throws Fault 1001 for an id that is not known. */
function wanted({ ground, ids: [id] }: Call): Bounce {
  const bounce = findBounce(ground.store, Number(id));
  if (bounce) return bounce;
  throw new Fault(1001, "The bounce was not found.");
}

function dump(call: Call): object {
  const bounce = wanted(call);
  return { Body: isDumpKept(bounce, call) ? bounce.dump : "" };
}

function activate(call: Call): object {
  const { store, lifecycle } = call.ground;
  return store.transaction(() => {
    const bounce = wanted(call);
    if (!bounce.canActivate)
      throw new Fault(1003, "Due to the type of bounce, this address cannot be reactivated.");
    const suppression = findSuppression(store, bounce.stream, bounce.email);
    removeSuppression(store, bounce.stream, bounce.email);
    reactivate(store, bounce.stream, bounce.email);
    if (suppression) lifecycle.suppressionChanged(suppression, false);
    return { Message: "OK", Bounce: shown(wanted(call), call) };
  });
}

function shown(bounce: Bounce, call: Call) {
  const { code = 2048, name = "Unknown" } = bounceTypes.get(bounce.type) ?? {};
  return {
    RecordType: "Bounce",
    ID: bounce.id,
    Type: bounce.type,
    TypeCode: code,
    Name: name,
    Tag: bounce.tag,
    MessageID: bounce.messageId,
    ServerID: 1,
    MessageStream: bounce.stream,
    Description: bounce.description,
    Details: bounce.details,
    Email: bounce.email,
    From: bounce.from,
    BouncedAt: eastern(bounce.bouncedAt),
    DumpAvailable: isDumpKept(bounce, call),
    Inactive: bounce.inactive,
    CanActivate: bounce.canActivate,
    Subject: bounce.subject,
  };
}

function isDumpKept({ dump: kept, bouncedAt }: Bounce, { ground: { clock } }: Call): boolean {
  return kept !== null && clock.now().getTime() - bouncedAt.getTime() <= dumpKeptMs;
}
