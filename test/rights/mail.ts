import type { Rights } from "../support/rights/noun.ts";

export default {
  closed: [
    "mail.letters",
    "mail.receipts",
    "mail.delivery_events",
    "mail.publication",
    "mail.templates",
    "mail.words",
  ],
} satisfies Rights;
