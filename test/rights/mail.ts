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
  acts: {
    "app.letter_templates()": ["owner"],
    "app.preview_letter('sign-in-link')": ["owner"],
  },
  functions: { mutations: ["app.letter_templates", "app.preview_letter"] },
} satisfies Rights;
