import type { Claims } from "#auth/claims.ts";
import { everything, type Permissions } from "./authorization.ts";
import type { Subscription } from "./changes/subscription.ts";
import { RealtimeError, readRefused } from "./errors.ts";
import type { Frame } from "./protocol/frame.ts";
import { type JoinRequest, parseJoin } from "./protocol/payloads.ts";
import { replayOf } from "./replay.ts";
import type { Services } from "./services.ts";
import type { Socket } from "./socket.ts";
import { nameOfTopic, type Room } from "./topic.ts";

const longestKey = 255;

/** All that a join was found to be allowed. */
export type Admission = {
  room: Room;
  request: JoinRequest;
  token: string;
  claims: Claims;
  permissions: Permissions;
  /** Wants its end. */
  changes: Subscription;
};

/** Throws what the join is to be refused with. */
export async function admit(socket: Socket, services: Services, frame: Frame): Promise<Admission> {
  const name = nameOfTopic(frame.topic);
  const request = parseJoin(frame.payload);
  refusePresenceKey(request.presence.key);
  replayOf(request, services.limits.replayMessages);
  const token = request.token ?? socket.apikey;
  const claims = await services.verify(token);
  const room = { name, private: request.private };
  const permissions = await permit(services, room, claims, socket.headers);
  if (!canRead(permissions)) throw readRefused(name);
  const changes = await services.changes.open(socket, request.changes, claims, request.changesTimeoutMs);
  return { room, request, token, claims, permissions, changes };
}

export async function permit(
  services: Services,
  room: Room,
  claims: Claims,
  headers: Record<string, string>,
): Promise<Permissions> {
  return room.private ? services.authorize(room, claims, headers) : everything;
}

export function canRead({ readBroadcast, readPresence }: Permissions): boolean {
  return readBroadcast || readPresence;
}

/** The client would take the first two for something else, and the third is no text for Postgres. */
function refusePresenceKey(key: string): void {
  const says = (text: string) => new RealtimeError("InvalidPresenceKey", `The presence key must not ${text}`);
  if (["ids", "__proto__"].includes(key) || key.includes("\0")) throw says(`be ${JSON.stringify(key)}`);
  if (key.length > longestKey) throw says(`have more than ${longestKey} characters`);
}
