export type BounceType = {
  code: number;
  name: string;
  description: string;
  inactive: boolean;
  canActivate: boolean;
};

/** Every kind of bounce with what it does to the address. */
export const bounceTypes: ReadonlyMap<string, BounceType> = new Map(
  (
    [
      [
        "HardBounce",
        1,
        "Hard bounce",
        "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        true,
        true,
      ],
      [
        "Transient",
        2,
        "Message delayed",
        "The server could not temporarily deliver your message (ex: Message is delayed due to network troubles).",
        false,
        false,
      ],
      ["Unsubscribe", 16, "Unsubscribe request", "Unsubscribe or Remove request.", false, false],
      [
        "Subscribe",
        32,
        "Subscribe request",
        "Subscribe request from someone wanting to get added to the mailing list.",
        false,
        false,
      ],
      [
        "AutoResponder",
        64,
        "Auto responder",
        'Automatic email responder (ex: "Out of Office" or "On Vacation").',
        false,
        false,
      ],
      [
        "AddressChange",
        128,
        "Address change",
        "The recipient has requested an address change.",
        false,
        false,
      ],
      ["DnsError", 256, "DNS error", "A temporary DNS error.", false, false],
      [
        "SpamNotification",
        512,
        "Spam notification",
        "The message was delivered, but was either blocked by the user, or classified as spam, bulk mail, or had rejected content.",
        false,
        false,
      ],
      [
        "OpenRelayTest",
        1024,
        "Open relay test",
        "The NDR is actually a test email message to see if the mail server is an open relay.",
        false,
        false,
      ],
      ["Unknown", 2048, "Unknown", "Unable to classify the NDR.", false, false],
      [
        "SoftBounce",
        4096,
        "Soft bounce",
        "Unable to temporarily deliver message (i.e. mailbox full, account disabled, exceeds quota, out of disk space).",
        false,
        true,
      ],
      [
        "VirusNotification",
        8192,
        "Virus notification",
        "The bounce is actually a virus notification warning about a virus/code infected message.",
        false,
        false,
      ],
      [
        "ChallengeVerification",
        16384,
        "Spam challenge verification",
        "The bounce is a challenge asking for verification you actually sent the email.",
        false,
        false,
      ],
      [
        "BadEmailAddress",
        100000,
        "Invalid email address",
        "The address is not a valid email address.",
        true,
        true,
      ],
      [
        "SpamComplaint",
        100001,
        "Spam complaint",
        "The subscriber explicitly marked this message as spam.",
        true,
        false,
      ],
      [
        "ManuallyDeactivated",
        100002,
        "Manually deactivated",
        "The email was manually deactivated.",
        true,
        true,
      ],
      [
        "Unconfirmed",
        100003,
        "Registration not confirmed",
        "The subscriber has not clicked on the confirmation link upon registration or import.",
        false,
        false,
      ],
      ["Blocked", 100006, "ISP block", "Blocked from this ISP due to content or blacklisting.", false, false],
      [
        "SMTPApiError",
        100007,
        "SMTP API error",
        "An error occurred while accepting an email through the SMTP API.",
        false,
        false,
      ],
      [
        "InboundError",
        100008,
        "Processing failed",
        "Unable to deliver inbound message to destination inbound hook.",
        false,
        false,
      ],
      ["DMARCPolicy", 100009, "DMARC Policy", "Email rejected due DMARC Policy.", false, false],
      [
        "TemplateRenderingFailed",
        100010,
        "Template rendering failed",
        "An error occurred while attempting to render your template.",
        false,
        false,
      ],
    ] as const
  ).map(([type, code, name, description, inactive, canActivate]) => [
    type,
    { code, name, description, inactive, canActivate },
  ]),
);
