/** What a letter of Howdah says, so that the others send as much. */
export type Message = { subject: string; html: string; text: string };

export function messageTo({ subject, html, text }: Message, number: number) {
  return {
    From: "School <mail@school.test>",
    To: addressOf(number),
    Subject: subject,
    HtmlBody: html,
    TextBody: text,
    MessageStream: "broadcast",
    Metadata: { mid: `letter-${number}` },
  };
}

function addressOf(number: number): string {
  return `member-${number}@school.test`;
}

export function clientOptions(mailboxUrl: string) {
  return { useHttps: false, requestHost: new URL(mailboxUrl).host };
}
