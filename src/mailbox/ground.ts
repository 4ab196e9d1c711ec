import type { Clock } from "./clock.ts";
import type { Lifecycle } from "./seams.ts";
import type { Store } from "./store/store.ts";

/** What every part of the mailbox stands on. */
export type Ground = { store: Store; clock: Clock; lifecycle: Lifecycle };
