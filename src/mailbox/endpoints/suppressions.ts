import { isObject } from "#lib/is-object.ts";
import { isAddress } from "../addresses.ts";
import { type Call, type Endpoint, oneMessage } from "../call.ts";
import { eastern } from "../eastern.ts";
import { parseMoment } from "../page.ts";
import { Fault } from "../reply.ts";
import { reactivate } from "../store/bounces.ts";
import {
  addSuppression,
  findSuppression,
  removeSuppression,
  type Suppression,
  suppressionsOf,
} from "../store/suppressions.ts";
import { wantedStream } from "./streams.ts";

export const suppressionEndpoints: Endpoint[] = [
  { method: "GET", path: /^\/message-streams\/([^/]+)\/suppressions\/dump$/i, run: dumpSuppressions },
  {
    method: "POST",
    path: /^\/message-streams\/([^/]+)\/suppressions$/i,
    limit: oneMessage,
    run: (call) => changeEach(call, suppress),
  },
  {
    method: "POST",
    path: /^\/message-streams\/([^/]+)\/suppressions\/delete$/i,
    limit: oneMessage,
    run: (call) => changeEach(call, forgive),
  },
];

const mostPerCall = 50;
const noAuthority = "You do not have the required authority to change this suppression.";

function dumpSuppressions(call: Call): object {
  const stream = wantedStream(call);
  const found = suppressionsOf(call.ground.store, stream.id).filter(filterOf(call));
  return {
    Suppressions: found.map(({ address, reason, origin, createdAt }) => ({
      EmailAddress: address,
      SuppressionReason: reason,
      Origin: origin,
      CreatedAt: eastern(createdAt),
    })),
  };
}

function filterOf({ query }: Call): (suppression: Suppression) => boolean {
  const reason = oneOf(query.get("suppressionreason"), reasons, 1404, "SuppressionReason");
  const origin = oneOf(query.get("origin"), origins, 1405, "Origin");
  const email = query.get("emailaddress")?.toLowerCase();
  const after = parseMoment(query, "fromdate", "first", 1407);
  const before = parseMoment(query, "todate", "last", 1407);
  return (each) =>
    (!reason || each.reason === reason) &&
    (!origin || each.origin === origin) &&
    (!email || each.address === email) &&
    (!after || each.createdAt >= after) &&
    (!before || each.createdAt <= before);
}

const reasons = ["HardBounce", "SpamComplaint", "ManualSuppression"];
const origins = ["Recipient", "Customer", "Admin"];

function oneOf(value: string | undefined, known: string[], code: number, name: string): string | undefined {
  if (!value) return undefined;
  const found = known.find((each) => each.toLowerCase() === value.toLowerCase());
  if (found) return found;
  throw new Fault(code, `Parameter '${name}' is invalid.`);
}

type Change = (call: Call, stream: string, address: string) => { Status: string; Message: string | null };

function changeEach(call: Call, change: Change): object {
  const { id } = wantedStream(call);
  const addresses = addressesOf(call.body());
  return call.ground.store.transaction(() => ({
    Suppressions: addresses.map((address) => ({ EmailAddress: address, ...change(call, id, address) })),
  }));
}

function addressesOf(body: unknown): string[] {
  const list = isObject(body) ? body.Suppressions : undefined;
  if (!Array.isArray(list)) throw new Fault(1409, "A proper request body must be provided.");
  if (list.length > mostPerCall)
    throw new Fault(1410, `You cannot provide more than ${mostPerCall} suppressions for this request.`);
  return list.map((each) => {
    if (isObject(each) && typeof each.EmailAddress === "string") return each.EmailAddress;
    throw new Fault(1411, "Parameter 'EmailAddress' is required but was left out.");
  });
}

const suppress: Change = ({ ground }, stream, address) => {
  if (!isAddress(address)) return { Status: "Failed", Message: "An invalid email address was provided." };
  if (findSuppression(ground.store, stream, address)?.reason === "SpamComplaint")
    return { Status: "Failed", Message: noAuthority };
  const suppression: Suppression = {
    ...{ stream, address: address.toLowerCase(), reason: "ManualSuppression", origin: "Customer" },
    createdAt: ground.clock.now(),
  };
  if (addSuppression(ground.store, suppression)) ground.lifecycle.suppressionChanged(suppression, true);
  return { Status: "Suppressed", Message: null };
};

/** Nobody takes a complaint back. A hard bounce that is forgiven is a bounce reactivated. */
const forgive: Change = ({ ground }, stream, address) => {
  if (!isAddress(address)) return { Status: "Failed", Message: "An invalid email address was provided." };
  const suppression = findSuppression(ground.store, stream, address);
  if (suppression?.reason === "SpamComplaint") return { Status: "Failed", Message: noAuthority };
  if (suppression) {
    removeSuppression(ground.store, stream, address);
    reactivate(ground.store, stream, address);
    ground.lifecycle.suppressionChanged(suppression, false);
  }
  return { Status: "Deleted", Message: null };
};
