import { isObject } from "#lib/is-object.ts";
import type { Call, Endpoint } from "../call.ts";
import { oneMessage } from "../call.ts";
import { Fault } from "../reply.ts";
import { readSetting, writeSetting } from "../store/settings.ts";

export const serverEndpoints: Endpoint[] = [
  { method: "GET", path: /^\/server$/i, run: readServer },
  { method: "PUT", path: /^\/server$/i, limit: oneMessage, run: editServer },
];

function readServer({ ground: { store } }: Call): Server {
  return { ...initial, ...readSetting<Partial<Server>>(store, "server", {}) };
}

function editServer(call: Call): Server {
  const wanted = call.body();
  if (!isObject(wanted)) throw new Fault(609, "No server data received.");
  const server = readServer(call);
  for (const [name, value] of Object.entries(wanted)) {
    if (!editable.has(name)) continue;
    check(name, value);
    Object.assign(server, { [name]: value });
  }
  writeSetting(call.ground.store, "server", server);
  return server;
}

function check(name: string, value: unknown): void {
  const rule = rules[name];
  if (rule && !rule.holds(value)) throw new Fault(rule.code, rule.text);
  if (/HookUrl$/.test(name) && value !== "" && !URL.canParse(String(value)))
    throw new Fault(606, `The '${name}' is not a valid URL.`);
}

type Rule = { holds: (value: unknown) => boolean; code: number; text: string };

const colours = "Purple Blue Turquoise Green Red Yellow Grey Orange".split(" ");

const rules: Record<string, Rule> = {
  Name: {
    holds: (value) => typeof value === "string" && value.trim() !== "",
    code: 608,
    text: "The 'Name' of the server is invalid.",
  },
  Color: {
    holds: (value) => colours.some((colour) => colour.toLowerCase() === String(value).toLowerCase()),
    code: 607,
    text: `Invalid server color. Choose one of ${colours.join(", ")}.`,
  },
  InboundSpamThreshold: {
    holds: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 30,
    code: 611,
    text: "InboundSpamThreshold value is invalid. Use a number between 0 and 30.",
  },
  TrackLinks: {
    holds: (value) => ["None", "HtmlAndText", "HtmlOnly", "TextOnly"].includes(String(value)),
    code: 612,
    text: "The supplied 'TrackLinks' option is not valid.",
  },
};

export type Server = typeof initial;

const initial = {
  ID: 1,
  Name: "Mailbox",
  ApiTokens: [] as string[],
  ServerLink: "",
  Color: "Turquoise",
  SmtpApiActivated: false,
  RawEmailEnabled: false,
  DeliveryType: "Sandbox",
  InboundAddress: "",
  InboundHash: "",
  InboundDomain: "",
  InboundHookUrl: "",
  BounceHookUrl: "",
  OpenHookUrl: "",
  DeliveryHookUrl: "",
  ClickHookUrl: "",
  InboundSpamThreshold: 0,
  PostFirstOpenOnly: false,
  TrackOpens: false,
  TrackLinks: "None",
  IncludeBounceContentInHook: false,
  EnableSmtpApiErrorHooks: false,
};

const fixed = new Set(["ID", "ApiTokens", "ServerLink", "DeliveryType", "InboundAddress", "InboundHash"]);
const editable = new Set(Object.keys(initial).filter((name) => !fixed.has(name)));
