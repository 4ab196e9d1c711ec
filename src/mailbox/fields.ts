import { isObject } from "#lib/is-object.ts";
import { Fault } from "./reply.ts";

/** A message of a request whose fields have the right types; nothing else is known about it yet. */
export type Fields = {
  From?: string | null;
  To?: string | null;
  Cc?: string | null;
  Bcc?: string | null;
  ReplyTo?: string | null;
  Subject?: string | null;
  Tag?: string | null;
  HtmlBody?: string | null;
  TextBody?: string | null;
  MessageStream?: string | null;
  TrackOpens?: boolean | null;
  TrackLinks?: string | null;
  Metadata?: Record<string, string> | null;
  Headers?: NameValue[] | null;
  Attachments?: Attachment[] | null;
};

export type NameValue = { Name: string; Value: string };

/** Content is in base64, as it came. */
export type Attachment = {
  Name: string;
  Content: string;
  ContentType: string;
  ContentID?: string | null;
  Disposition?: string | null;
};

/** Throws Fault 403 for the whole request: one field of a wrong type and nothing of it can be read. */
export function parseFields(message: unknown, path = "$"): Fields {
  if (!isObject(message)) throw new Fault(403, `Invalid request field(s): ${path}`);
  const wrong = Object.entries(checks).filter(([field, check]) => {
    const value = message[field];
    return value !== undefined && value !== null && !check(value);
  });
  if (wrong.length === 0) return message as Fields;
  throw new Fault(403, `Invalid request field(s): ${wrong.map(([field]) => `${path}.${field}`).join(", ")}`);
}

/** Throws Fault 402. What no database keeps is dropped: NUL and halves of a pair. */
export function parseJson(body: Buffer | string): unknown {
  const text = body.toString();
  try {
    return JSON.parse(text, /\\u(0000|d[89a-f])/i.test(text) ? storable : undefined);
  } catch {
    throw new Fault(402, "Received invalid JSON input.");
  }
}

function storable(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "").toWellFormed() : value;
}

const checks: Record<keyof Fields, (value: unknown) => boolean> = {
  From: isString,
  To: isString,
  Cc: isString,
  Bcc: isString,
  ReplyTo: isString,
  Subject: isString,
  Tag: isString,
  HtmlBody: isString,
  TextBody: isString,
  MessageStream: isString,
  TrackOpens: (value) => typeof value === "boolean",
  TrackLinks: (value) => ["None", "HtmlAndText", "HtmlOnly", "TextOnly"].includes(value as string),
  Metadata: (value) => isObject(value) && Object.values(value).every(isString),
  Headers: (value) => isListOf(value, ["Name", "Value"]),
  Attachments: (value) => isListOf(value, ["Name", "Content", "ContentType"]),
};

function isString(value: unknown): boolean {
  return typeof value === "string";
}

function isListOf(value: unknown, fields: string[]): boolean {
  return (
    Array.isArray(value) &&
    value.every((each) => isObject(each) && fields.every((key) => isString(each[key])))
  );
}
