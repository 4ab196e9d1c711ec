import type { Address } from "./addresses.ts";
import type { Attachment } from "./fields.ts";
import type { StoredMessage } from "./store/messages.ts";

/** The message as a mail server would hand it over. */
export function sourceOf(message: StoredMessage): string {
  const own = new Set(message.headers.map(({ Name }) => Name.toLowerCase()));
  const headers: [string, string][] = [
    ["From", encoded(message.from)],
    ["To", lineOf(message.to)],
    ["Cc", lineOf(message.cc)],
    ["Reply-To", message.replyTo ?? ""],
    ["Subject", encoded(message.subject)],
    ["Date", message.receivedAt.toUTCString().replace("GMT", "+0000")],
    ["Message-ID", `<${message.id}@mtasv.net>`],
    ["X-PM-Message-Id", message.id],
    ["X-PM-Tag", message.tag ?? ""],
    ["MIME-Version", "1.0"],
  ];
  const lines = [
    ...headers.filter(([name, value]) => value !== "" && !own.has(name.toLowerCase())),
    ...message.headers.map(({ Name, Value }): [string, string] => [Name, encoded(Value)]),
  ].map(([name, value]) => `${name}: ${value}`);
  return [...lines, contentOf(message)].join("\r\n");
}

function contentOf({ id, textBody, htmlBody, attachments }: StoredMessage): string {
  const bodies = [
    textBody === null ? undefined : part("text/plain; charset=utf-8", textBody),
    htmlBody === null ? undefined : part("text/html; charset=utf-8", htmlBody),
  ].filter((each) => each !== undefined);
  const body =
    bodies.length === 1 ? (bodies[0] ?? "") : multipart("alternative", `alternative-${id}`, bodies);
  return attachments.length === 0
    ? body
    : multipart("mixed", `mixed-${id}`, [body, ...attachments.map(attached)]);
}

function multipart(kind: string, boundary: string, parts: string[]): string {
  const opened = parts.map((each) => `--${boundary}\r\n${each}\r\n`).join("");
  return `Content-Type: multipart/${kind}; boundary="${boundary}"\r\n\r\n${opened}--${boundary}--`;
}

function part(type: string, text: string): string {
  return `Content-Type: ${type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text.replaceAll(/\r?\n/g, "\r\n")}`;
}

function attached({ Name, ContentType, Content, ContentID }: Attachment): string {
  const id = ContentID ? `Content-ID: <${ContentID.replace(/^cid:/, "")}>\r\n` : "";
  const disposition = `${ContentID ? "inline" : "attachment"}; filename="${Name.replaceAll('"', "'")}"`;
  return (
    `Content-Type: ${ContentType}\r\nContent-Transfer-Encoding: base64\r\n${id}` +
    `Content-Disposition: ${disposition}\r\n\r\n${Content.replaceAll(/(.{76})/g, "$1\r\n")}`
  );
}

function lineOf(addresses: Address[]): string {
  return addresses.map(({ Name, Email }) => (Name ? `${encoded(Name)} <${Email}>` : Email)).join(", ");
}

/** Header values are ASCII; what is not is an encoded word. */
function encoded(text: string): string {
  const line = text.replaceAll(/[\r\n]+/g, " ");
  return /^[\x20-\x7e]*$/.test(line) ? line : `=?utf-8?B?${Buffer.from(line).toString("base64")}?=`;
}
