import type { Rights } from "../support/rights/noun.ts";

export default {
  closed: [
    "mail.letters",
    "mail.delivery_events",
    "mail.duplicates",
    "mail.streams",
    "mail.reactivations",
    "mail.suppressions",
    "mail.sweeps",
    "mail.webhook_calls",
    "mail.publication",
    "mail.templates",
    "mail.words",
    "mail.refusals",
    "mail.health",
    "mail.health_limits",
    "mail.told_health",
  ],
  acts: {
    "app.letter_templates()": ["owner"],
    "app.preview_letter('sign-in-link')": ["owner"],
  },
  functions: { mutations: ["app.letter_templates", "app.preview_letter"] },
} satisfies Rights;
