import type { Rights } from "../support/rights/noun.ts";

export default {
  closed: ["mail.letters", "mail.receipts", "mailbox.events", "mailbox.messages", "mailbox.streams"],
} satisfies Rights;
