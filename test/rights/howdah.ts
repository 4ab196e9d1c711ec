import type { Rights } from "../support/rights/noun.ts";

export default { closed: ["howdah.logic", "howdah.migrations"] } satisfies Rights;
