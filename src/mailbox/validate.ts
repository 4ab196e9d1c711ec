import { type Address, parseAddress, parseAddresses } from "./addresses.ts";
import type { Fields } from "./fields.ts";
import { Fault } from "./reply.ts";

/** A message that Postmark would take, and whom it is for. */
export type ValidMessage = {
  fields: Fields;
  stream: string;
  from: Address;
  to: Address[];
  cc: Address[];
  bcc: Address[];
};

/** The streams of the mailbox: id to kind. */
export type Streams = ReadonlyMap<string, string>;

/** What the account may do: everything, only mail within its own domain, nothing. */
export type Account = "approved" | "pending" | "blocked";

/** Checks one message in Postmark's order. Throws a Fault for the first rule it breaks. */
export function validate(fields: Fields, streams: Streams, account: Account): ValidMessage {
  const stream = checkStream(fields.MessageStream || "outbound", streams);
  const from = checkFrom(fields.From);
  const to = parseAddresses(fields.To, "To");
  const cc = parseAddresses(fields.Cc, "Cc");
  const bcc = parseAddresses(fields.Bcc, "Bcc");
  parseAddresses(fields.ReplyTo, "ReplyTo");
  checkRecipients(to.length, cc.length + bcc.length);
  checkBodies(fields);
  checkLengths(fields);
  checkMetadata(fields.Metadata ?? {});
  checkAttachments(fields.Attachments ?? []);
  checkAccount(account, from, [...to, ...cc, ...bcc]);
  return { fields, stream, from, to, cc, bcc };
}

function checkStream(stream: string, streams: Streams): string {
  const kind = streams.get(stream);
  if (kind === undefined)
    throw new Fault(1235, `The stream provided: '${stream}' does not exist on this server.`);
  if (kind === "Inbound") throw new Fault(1236, "Sending is not supported for this stream type.");
  return stream;
}

function checkFrom(line: string | null | undefined): Address {
  if (!line?.trim()) throw new Fault(300, "The 'From' field is required.");
  if (line.length > 255) throw new Fault(300, "The 'From' field is limited to 255 characters.");
  return parseAddress(line.trim(), "From");
}

function checkRecipients(to: number, others: number): void {
  if (to + others === 0) throw new Fault(300, "Zero recipients specified");
  if (to + others > 50) throw new Fault(300, "You've exceeded the maximum of 50 recipients per message.");
}

function checkBodies({ HtmlBody, TextBody }: Fields): void {
  if (!HtmlBody && !TextBody) throw new Fault(300, "Provide either email TextBody or HtmlBody or both.");
}

function checkLengths({ HtmlBody, TextBody, Subject, Tag }: Fields): void {
  const largest = 5 * 1024 * 1024;
  if (Buffer.byteLength(HtmlBody ?? "") > largest)
    throw new Fault(300, "The 'HtmlBody' field is limited to 5 MB.");
  if (Buffer.byteLength(TextBody ?? "") > largest)
    throw new Fault(300, "The 'TextBody' field is limited to 5 MB.");
  if ((Subject ?? "").length > 2000)
    throw new Fault(300, "The 'Subject' field is limited to 2000 characters.");
  if ((Tag ?? "").length > 1000) throw new Fault(300, "The 'Tag' field is limited to 1000 characters.");
}

function checkMetadata(metadata: Record<string, string>): void {
  const names = Object.keys(metadata);
  if (names.length > 10) throw new Fault(300, "Invalid metadata content. Metadata is limited to 10 fields.");
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length)
    throw new Fault(300, "Invalid metadata content. Field names must be unique.");
  const tooLong = names.find((name) => name.length > 20 || (metadata[name] ?? "").length > 80);
  if (tooLong !== undefined)
    throw new Fault(
      300,
      "Invalid metadata content. Field names are limited to 20 characters and field values are limited to 80 characters " +
        `in length. The '${tooLong}' field in your metadata content exceeds these limits.`,
    );
}

function checkAttachments(attachments: { Name: string }[]): void {
  for (const { Name } of attachments) {
    const extension = /\.([^.]+)$/.exec(Name)?.[1]?.toLowerCase() ?? "";
    if (forbidden.has(extension))
      throw new Fault(411, `The attachment type '.${extension}' is not allowed: ${Name}`);
  }
}

function checkAccount(account: Account, from: Address, recipients: Address[]): void {
  if (account === "blocked") throw new Fault(413, "This account is not approved to send email.");
  const foreign = recipients.filter(({ Email }) => domainOf(Email) !== domainOf(from.Email));
  if (account !== "pending" || foreign.length === 0) return;
  throw new Fault(
    412,
    "While your account is pending approval, all recipient addresses must share the same domain as the 'From' address. " +
      `The domain(s) '${foreign.map(({ Email }) => domainOf(Email)).join(", ")}' cause(s) the violation.`,
  );
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}

const forbidden: ReadonlySet<string> = new Set(
  (
    "vbs exe bin bat chm com cpl crt hlp hta inf ins isp jse lnk mdb pcd pif reg scr sct shs vbe vba wsf wsh wsl " +
    "msc msi msp mst"
  ).split(" "),
);
