import type { Rights } from "../support/rights/noun.ts";

export default {
  closed: [
    "mail.letters",
    "mail.receipts",
    "mail.delivery_events",
    "mail.health",
    "mail.health_limits",
    "mail.told_health",
    "mail.refusals",
    "mail.publication",
    "mail.templates",
    "mail.words",
    "mail.reactivations",
    "mail.suppressions",
    "mail.sweeps",
    "mail.webhook_calls",
    "mailbox.events",
    "mailbox.messages",
    "mailbox.streams",
  ],
} satisfies Rights;
