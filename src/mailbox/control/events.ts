import { isObject } from "#lib/is-object.ts";
import { bounceTypes } from "../bounce-types.ts";
import { someReader } from "../letter/reader.ts";
import { linksOf } from "../letter/received.ts";
import { bounce, click, complain, open, type Scene } from "../life/happen.ts";
import { unsubscribe } from "../life/take-place.ts";
import { Fault } from "../reply.ts";
import { findMessage, type StoredMessage } from "../store/messages.ts";

/** Something happens to a letter at one of its recipients. Undefined when there is no such kind of event. */
export async function makeHappen(scene: Scene, kind = "", input: unknown): Promise<object | undefined> {
  const make = kinds[kind];
  if (!make) return undefined;
  if (!isObject(input)) throw new Fault(402, "An event is an object: {messageId, recipient}.");
  const message = findMessage(scene.store, String(input.messageId));
  if (!message) throw new Fault(701, "This message was not found.");
  const recipient = recipientOf(message, input.recipient);
  const more = await make(scene, message, recipient, input);
  return { messageId: message.id, recipient, event: kind, ...more };
}

type Make = (
  scene: Scene,
  message: StoredMessage,
  recipient: string,
  input: Record<string, unknown>,
) => object | undefined | Promise<object>;

const kinds: Record<string, Make> = {
  open: (scene, message, recipient) => {
    if (!message.trackOpens)
      throw new Fault(300, "This letter has no pixel: it was sent without TrackOpens.");
    open(scene, message, recipient, someReader());
    return undefined;
  },
  click: (scene, message, recipient, { url }) => {
    const found = trackedLinks(message).find(({ link }) => url === undefined || link === url);
    if (!found)
      throw new Fault(300, "This letter has no such tracked link: it is rewritten only with TrackLinks.");
    click(scene, message, recipient, someReader(), found);
    return { url: found.link };
  },
  bounce: (scene, message, recipient, { type = "HardBounce" }) => {
    if (!bounceTypes.has(String(type)))
      throw new Fault(300, `${type} is no bounce: ${[...bounceTypes.keys()].join(", ")}.`);
    return { bounceId: bounce(scene, message, recipient, String(type)).id };
  },
  complaint: (scene, message, recipient) => ({ bounceId: complain(scene, message, recipient).id }),
  unsubscribe: (scene, message, recipient) => unsubscribe(scene, message, recipient),
};

function recipientOf({ recipients }: StoredMessage, wanted: unknown): string {
  const recipient =
    wanted === undefined ? recipients[0] : recipients.find((each) => each === String(wanted).toLowerCase());
  if (recipient !== undefined) return recipient;
  throw new Fault(300, `The letter did not go to ${wanted}, but to ${recipients.join(", ")}.`);
}

function trackedLinks(message: StoredMessage): { link: string; location: "HTML" | "Text" }[] {
  return [
    ...linksOf(message, "html").map((link) => ({ link, location: "HTML" as const })),
    ...linksOf(message, "text").map((link) => ({ link, location: "Text" as const })),
  ];
}
