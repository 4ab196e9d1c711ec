/** A claimed row of mail.letters with its words, as far as sending needs it. */
export type Letter = {
  id: string;
  attempt: number;
  batchId: string;
  stream: string;
  recipient: string;
  recipientName: string | null;
  template: string;
  category: string;
  /** Null for what one cannot do without. */
  unsubscribeToken: string | null;
  subject: string;
  html: string;
  text: string;
};

export type MessageSettings = {
  /** Sender line, `Name <address>`. */
  from: string;
  /** Where the links in letters lead, without a slash at the end. */
  publicUrl: string;
  /** Who unsubscribes people from the broadcast stream. Default "own". */
  unsubscribe?: "own" | "postmark";
  /** Whether the provider tells who opened the letter of a campaign, and which of its links were followed. */
  tracking?: boolean;
};

/**
 * The message as Postmark takes it. The same Message-ID on every attempt makes a second copy recognisable, and the
 * metadata is how an unanswered hand-over is found again. Only letters of campaigns are tracked: sign-in links, rewritten to
 * pass through somebody else's server, would leak.
 */
export function toMessage(letter: Letter, settings: MessageSettings) {
  const { from } = settings;
  const tracked = settings.tracking === true && letter.category === "campaign";
  return {
    From: from,
    To: addressLine(letter.recipient, letter.recipientName),
    Subject: letter.subject,
    HtmlBody: letter.html,
    TextBody: letter.text,
    MessageStream: letter.stream,
    Tag: letter.template,
    TrackOpens: tracked,
    TrackLinks: (tracked ? "HtmlAndText" : "None") as never,
    Headers: [
      { Name: "Message-ID", Value: `<${letter.id}@${domainOf(from)}>` },
      ...unsubscribeHeaders(letter, settings),
    ],
    Metadata: { mid: letter.id, bat: letter.batchId, a: String(letter.attempt) },
  };
}

/** RFC 8058: mail programs show a button that posts to this address. Postmark writes its own where it unsubscribes. */
function unsubscribeHeaders(
  { unsubscribeToken: token, stream }: Letter,
  { publicUrl, unsubscribe = "own" }: MessageSettings,
) {
  if (token === null || (unsubscribe === "postmark" && stream === "broadcast")) return [];
  return [
    { Name: "List-Unsubscribe", Value: `<${publicUrl}/unsubscribe/${token}>` },
    { Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click" },
  ];
}

function addressLine(address: string, name: string | null): string {
  const shown = asOneLine((name ?? "").replaceAll(/["\\<>]/g, ""));
  return shown === "" ? address : `"${shown}" <${address}>`;
}

/** Header values keep to one line, or a name could add headers of its own. */
function asOneLine(value: string): string {
  return value
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replaceAll(/ {2,}/g, " ")
    .trim();
}

function domainOf(from: string): string {
  return /@([^\s<>@]+?)>?\s*$/.exec(from)?.[1] ?? "localhost";
}
