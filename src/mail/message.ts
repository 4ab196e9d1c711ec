import { asOneLine, templateNamed } from "./template.ts";

/** A claimed row of mail.letters, as far as sending needs it. */
export type Letter = {
  id: string;
  attempt: number;
  batchId: string;
  stream: string;
  recipient: string;
  recipientName: string | null;
  template: string;
  data: Record<string, unknown>;
  subject: string | null;
  html: string | null;
  text: string | null;
};

/** What a letter says, rendered once and never again. */
export type Rendered = { subject: string; html: string; text: string };

export type FrozenLetter = Letter & Rendered;

/** Throws AppError `UnknownTemplate` or `MissingValue`; both are final for the letter. */
export function render(letter: Letter, publicUrl: string): Rendered {
  const template = templateNamed(letter.template);
  const data = { ...letter.data, recipient: letter.recipient, publicUrl };
  return { subject: template.subject(data), html: template.html(data), text: template.text(data) };
}

export function isFrozen(letter: Letter): letter is FrozenLetter {
  return letter.subject !== null && letter.html !== null && letter.text !== null;
}

/**
 * The message as Postmark takes it. The same Message-ID on every attempt makes a second copy recognisable, and the
 * metadata is how an unanswered hand-over is found again. Links are not tracked: rewritten sign-in links would leak.
 */
export function toMessage(letter: FrozenLetter, from: string) {
  return {
    From: from,
    To: addressLine(letter.recipient, letter.recipientName),
    Subject: letter.subject,
    HtmlBody: letter.html,
    TextBody: letter.text,
    MessageStream: letter.stream,
    Tag: letter.template,
    TrackOpens: false,
    TrackLinks: "None" as never,
    Headers: [{ Name: "Message-ID", Value: `<${letter.id}@${domainOf(from)}>` }],
    Metadata: { mid: letter.id, bat: letter.batchId, a: String(letter.attempt) },
  };
}

function addressLine(address: string, name: string | null): string {
  const shown = asOneLine((name ?? "").replaceAll(/["\\<>]/g, ""));
  return shown === "" ? address : `"${shown}" <${address}>`;
}

function domainOf(from: string): string {
  return /@([^\s<>@]+?)>?\s*$/.exec(from)?.[1] ?? "localhost";
}
