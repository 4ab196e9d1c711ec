import { isObject } from "#lib/is-object.ts";
import { Fault } from "../reply.ts";
import { readSetting, writeSetting } from "../store/settings.ts";
import type { Store } from "../store/store.ts";
import type { Account } from "../validate.ts";

export type Settings = {
  /** A message is found by the search only after this long. */
  searchLagSeconds: number;
  deliveryDelayMs: number;
  /** What slow@ and transient@ wait in addition. */
  slowDeliverySeconds: number;
  /** Where hardbounce@ and its like are magic; "*" = everywhere. */
  magicDomains: string[];
  account: Account;
  /** Whether it may use /email/bulk. */
  bulkApproved: boolean;
  webhooks: WebhookSettings;
};

export type WebhookSettings = {
  /** How likely an event is sent twice, or never. */
  duplicate: number;
  drop: number;
  /** Events of a window of this many seconds come at its end, the last one first. */
  reorder: number;
  timeoutMs: number;
  /** A trigger is paused when this many events in a row were given up. */
  pauseAfter: number;
};

const defaultSettings: Settings = {
  searchLagSeconds: 0,
  deliveryDelayMs: 0,
  slowDeliverySeconds: 600,
  magicDomains: ["mailbox.test"],
  account: "approved",
  bulkApproved: true,
  webhooks: { duplicate: 0, drop: 0, reorder: 0, timeoutMs: 10_000, pauseAfter: 10 },
};

export function readSettings(store: Store): Settings {
  const pairs = Object.entries(defaultSettings).map(([name, value]) => [
    name,
    readSetting(store, name, value),
  ]);
  return Object.fromEntries(pairs);
}

/** Changes what is named and leaves the rest. Throws a Fault for what is unknown or senseless. */
export function changeSettings(store: Store, input: unknown): Settings {
  const { webhooks = {}, ...rest } = checked(input, checks, "settings");
  const now = readSettings(store);
  const changed = { ...rest, webhooks: { ...now.webhooks, ...checked(webhooks, webhookChecks, "webhooks") } };
  for (const [name, value] of Object.entries(changed)) writeSetting(store, name, value);
  return readSettings(store);
}

export function resetSettings(store: Store): void {
  for (const [name, value] of Object.entries(defaultSettings)) writeSetting(store, name, value);
}

type Check = (value: unknown) => unknown;

const seconds: Check = (value) => (isAmount(value) ? value : undefined);
const chance: Check = (value) =>
  typeof value === "boolean" ? Number(value) : isAmount(value) && value <= 1 ? value : undefined;

const checks: Record<keyof Settings, Check> = {
  searchLagSeconds: seconds,
  deliveryDelayMs: seconds,
  slowDeliverySeconds: seconds,
  magicDomains: (value) =>
    Array.isArray(value) && value.every((each) => typeof each === "string")
      ? value.map((domain) => domain.toLowerCase())
      : undefined,
  account: (value) => (["approved", "pending", "blocked"].includes(String(value)) ? value : undefined),
  bulkApproved: (value) => (typeof value === "boolean" ? value : undefined),
  webhooks: (value) => (isObject(value) ? value : undefined),
};

const webhookChecks: Record<keyof WebhookSettings, Check> = {
  duplicate: chance,
  drop: chance,
  reorder: seconds,
  timeoutMs: (value) => (isAmount(value) && value > 0 ? value : undefined),
  pauseAfter: (value) => (Number.isInteger(value) && Number(value) > 0 ? value : undefined),
};

function checked(input: unknown, byName: Record<string, Check>, of: string): Record<string, unknown> {
  if (!isObject(input)) throw new Fault(402, `${of} must be an object.`);
  const pairs = Object.entries(input).map(([key, value]) => {
    const check = byName[key];
    if (!check) throw new Fault(402, `There is no ${of}.${key}: ${Object.keys(byName).join(", ")}.`);
    const accepted = check(value);
    if (accepted === undefined) throw new Fault(402, `${of}.${key} cannot be ${JSON.stringify(value)}.`);
    return [key, accepted];
  });
  return Object.fromEntries(pairs);
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
