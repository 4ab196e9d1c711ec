import { bounceTypes } from "../bounce-types.ts";
import type { NameValue } from "../fields.ts";
import type { Settings } from "./settings.ts";

/** Something that is to happen to a letter at one of its recipients. */
export type Step = "deliver" | "complain" | "unsubscribe" | `bounce:${string}`;

export type Fate = { afterMs: number; step: Step }[];

/** What becomes of a letter to this address; the address itself may say so. */
export function fateOf(recipient: string, headers: NameValue[], settings: Settings): Fate {
  const afterMs = settings.deliveryDelayMs;
  const slowMs = afterMs + settings.slowDeliverySeconds * 1000;
  const bounce = simulatedBounce(recipient, headers);
  if (bounce) return [{ afterMs, step: `bounce:${bounce}` }];
  switch (magicName(recipient, settings.magicDomains)) {
    case "hardbounce":
      return [{ afterMs, step: "bounce:HardBounce" }];
    case "softbounce":
      return [{ afterMs, step: "bounce:SoftBounce" }];
    case "complaint":
      return [
        { afterMs, step: "deliver" },
        { afterMs, step: "complain" },
      ];
    case "unsubscribe":
      return [
        { afterMs, step: "deliver" },
        { afterMs, step: "unsubscribe" },
      ];
    case "slow":
      return [{ afterMs: slowMs, step: "deliver" }];
    case "transient":
      return [
        { afterMs, step: "bounce:Transient" },
        { afterMs: slowMs, step: "deliver" },
      ];
    default:
      return [{ afterMs, step: "deliver" }];
  }
}

/** Postmark's own: a complaint cannot be simulated, it becomes a hard bounce. */
function simulatedBounce(recipient: string, headers: NameValue[]): string | undefined {
  const [local, domain] = splitAddress(recipient);
  const wanted =
    domain === "bounce-testing.postmarkapp.com"
      ? local
      : headers
          .find(({ Name }) => Name.toLowerCase() === "x-pm-bounce-type")
          ?.Value.trim()
          .toLowerCase();
  if (wanted === undefined) return undefined;
  const type = [...bounceTypes.keys()].find((each) => each.toLowerCase() === wanted);
  return type === undefined || type === "SpamComplaint" ? "HardBounce" : type;
}

/** "hardbounce" of hardbounce@ and of hardbounce+anything@. */
function magicName(recipient: string, domains: string[]): string | undefined {
  const [local, domain] = splitAddress(recipient);
  return domains.some((magic) => magic === "*" || magic === domain) ? local.split("+", 1)[0] : undefined;
}

function splitAddress(address: string): [local: string, domain: string] {
  const at = address.lastIndexOf("@");
  return [address.slice(0, at).toLowerCase(), address.slice(at + 1).toLowerCase()];
}
