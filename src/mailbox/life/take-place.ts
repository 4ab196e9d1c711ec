import { postOneClick, wayOut } from "../letter/one-click.ts";
import type { StoredMessage } from "../store/messages.ts";
import { bounce, complain, deliver, type Scene, suppress } from "./happen.ts";
import type { Step } from "./magic.ts";
import { readSettings } from "./settings.ts";

export function takePlace(scene: Scene, message: StoredMessage, recipient: string, step: Step): void {
  if (step === "deliver") deliver(scene, message, recipient);
  else if (step === "complain") complain(scene, message, recipient);
  else if (step === "unsubscribe") begin(scene, unsubscribe(scene, message, recipient));
  else bounce(scene, message, recipient, step.slice("bounce:".length));
}

/** What happened, and the sender's answer if it was the sender who was asked. */
export type Unsubscribed =
  | { by: "sender"; url: string; answer: number | string }
  | { by: "service" }
  | { by: "none" };

export async function unsubscribe(
  scene: Scene,
  message: StoredMessage,
  recipient: string,
): Promise<Unsubscribed> {
  const way = wayOut(scene.store, message);
  if (way.by === "service") suppress(scene, message, recipient, "ManualSuppression");
  if (way.by !== "sender") return way;
  return { ...way, answer: await postOneClick(way.url, readSettings(scene.store).webhooks.timeoutMs) };
}

function begin({ errands }: Scene, errand: Promise<unknown>): void {
  errands.add(errand);
  void errand.finally(() => errands.delete(errand));
}
