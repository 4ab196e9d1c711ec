import { isObject } from "#lib/is-object.ts";
import { type Call, type Endpoint, oneMessage } from "../call.ts";
import { eastern } from "../eastern.ts";
import { Fault } from "../reply.ts";
import { allStreams, findStream, type Stream, saveStream } from "../store/streams.ts";

export const streamEndpoints: Endpoint[] = [
  { method: "GET", path: /^\/message-streams$/i, run: listStreams },
  { method: "POST", path: /^\/message-streams$/i, limit: oneMessage, run: createStream },
  { method: "GET", path: /^\/message-streams\/([^/]+)$/i, run: (call) => shown(wantedStream(call)) },
  { method: "PATCH", path: /^\/message-streams\/([^/]+)$/i, limit: oneMessage, run: editStream },
  { method: "POST", path: /^\/message-streams\/([^/]+)\/archive$/i, run: archive },
  { method: "POST", path: /^\/message-streams\/([^/]+)\/unarchive$/i, run: unarchive },
];

const purgedAfterMs = 45 * 24 * 3_600_000;
const mostStreams = 10;
const types = ["Transactional", "Broadcasts", "Inbound"] as const;
const handlings = ["None", "Postmark", "Custom"] as const;

/** The stream that the path names. Throws Fault 1226. */
export function wantedStream({ ground, ids: [id = ""] }: Call): Stream {
  const stream = findStream(ground.store, id);
  if (stream) return stream;
  throw new Fault(1226, "The message stream for the provided 'ID' was not found.");
}

function listStreams({ ground, query }: Call): object {
  const type = query.get("messagestreamtype") || "All";
  const archived = query.get("includearchivedstreams")?.toLowerCase() === "true";
  const known = [...types, "All"].find((each) => each.toLowerCase() === type.toLowerCase());
  if (!known) throw new Fault(1221, "The 'MessageStreamType' associated with this request was invalid.");
  const MessageStreams = allStreams(ground.store)
    .filter((stream) => known === "All" || stream.type === known)
    .filter((stream) => archived || stream.archived_at === null)
    .map(shown);
  return { MessageStreams, TotalCount: MessageStreams.length };
}

function createStream({ ground, ...call }: Call): object {
  const wanted = objectOf(call.body());
  const type = types.find((each) => each === wanted.MessageStreamType);
  if (!type) throw new Fault(1221, "The 'MessageStreamType' associated with this request was invalid.");
  if (type === "Inbound") throw new Fault(1228, "A server can only have one inbound stream.");
  const stream: Stream = {
    id: checkId(wanted.ID),
    name: checkName(wanted.Name),
    description: checkDescription(wanted.Description),
    type,
    unsubscribe: checkUnsubscribe(wanted, type) ?? (type === "Broadcasts" ? "Postmark" : "None"),
    created_at: ground.clock.now().getTime(),
    updated_at: null,
    archived_at: null,
  };
  if (findStream(ground.store, stream.id))
    throw new Fault(1230, "The 'ID' provided already exists for this server.");
  if (allStreams(ground.store).length >= mostStreams)
    throw new Fault(1225, "You have reached the maximum number of message streams for this server.");
  saveStream(ground.store, stream);
  return shown(stream);
}

function editStream(call: Call): object {
  const stream = wantedStream(call);
  const wanted = objectOf(call.body());
  const edited: Stream = {
    ...stream,
    name: wanted.Name === undefined ? stream.name : checkName(wanted.Name),
    description: wanted.Description === undefined ? stream.description : checkDescription(wanted.Description),
    unsubscribe: checkUnsubscribe(wanted, stream.type) ?? stream.unsubscribe,
    updated_at: call.ground.clock.now().getTime(),
  };
  saveStream(call.ground.store, edited);
  return shown(edited);
}

function archive(call: Call): object {
  const stream = wantedStream(call);
  if (["outbound", "inbound"].includes(stream.id))
    throw new Fault(1229, "You cannot archive the default transactional and inbound streams.");
  const archived = { ...stream, archived_at: stream.archived_at ?? call.ground.clock.now().getTime() };
  saveStream(call.ground.store, archived);
  return { ID: stream.id, ServerID: 1, ExpectedPurgeDate: purgeDate(archived) };
}

function unarchive(call: Call): object {
  const stream = wantedStream(call);
  if (stream.archived_at === null) throw new Fault(1232, "You cannot unarchive this message stream anymore.");
  const back = { ...stream, archived_at: null };
  saveStream(call.ground.store, back);
  return shown(back);
}

function objectOf(body: unknown): Record<string, unknown> {
  if (isObject(body)) return body;
  throw new Fault(403, "Invalid request field(s): $");
}

function checkId(id: unknown): string {
  if (typeof id !== "string" || id === "") throw new Fault(1222, "A valid 'ID' must be provided.");
  if (id.startsWith("pm-")) throw new Fault(1233, "The 'ID' must not start with the 'pm-' prefix.");
  if (["all", "null"].includes(id)) throw new Fault(1237, "The 'ID' is reserved.");
  if (/^[a-z][a-z0-9_-]{0,29}$/.test(id)) return id;
  throw new Fault(
    1227,
    "The 'ID' must be a non-empty string starting with a letter of the English alphabet. It is limited to lowercase " +
      "letters of the English alphabet, numbers, and '-', '_' characters. It is limited to a length of 30 characters.",
  );
}

function checkName(name: unknown): string {
  if (typeof name !== "string" || name.trim() === "")
    throw new Fault(1223, "A valid 'Name' must be provided.");
  if (name.length > 100) throw new Fault(1224, "The 'Name' is too long, it is limited to 100 characters.");
  return name;
}

function checkDescription(text: unknown): string | null {
  if (text === undefined || text === null) return null;
  if (String(text).length > 1000)
    throw new Fault(1231, "The 'Description' is too long, it is limited to 1000 characters.");
  if (/[<>]/.test(String(text))) throw new Fault(1234, "The 'Description' must not contain HTML tags.");
  return String(text);
}

function checkUnsubscribe(wanted: Record<string, unknown>, type: string): Stream["unsubscribe"] | undefined {
  const given = wanted.SubscriptionManagementConfiguration;
  if (!isObject(given)) return undefined;
  const text = String(given.UnsubscribeHandlingType).toLowerCase();
  const handling = handlings.find((each) => each.toLowerCase() === text);
  if (!handling)
    throw new Fault(1240, "The 'UnsubscribeHandlingType' associated with this request is invalid.");
  if (handling === "None" ? type === "Broadcasts" : type !== "Broadcasts")
    throw new Fault(1239, "The 'UnsubscribeHandlingType' provided is not supported for this stream type.");
  return handling;
}

function shown(stream: Stream) {
  const { id, name, description, type, unsubscribe, created_at, updated_at, archived_at } = stream;
  return {
    ...{ ID: id, ServerID: 1, Name: name, Description: description, MessageStreamType: type },
    CreatedAt: eastern(new Date(created_at)),
    UpdatedAt: updated_at === null ? null : eastern(new Date(updated_at)),
    ArchivedAt: archived_at === null ? null : eastern(new Date(archived_at)),
    ExpectedPurgeDate: purgeDate(stream),
    SubscriptionManagementConfiguration: { UnsubscribeHandlingType: unsubscribe },
  };
}

function purgeDate({ archived_at }: Stream): string | null {
  return archived_at === null ? null : eastern(new Date(archived_at + purgedAfterMs));
}
