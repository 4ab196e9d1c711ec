import type { Rights } from "../support/rights/noun.ts";

export default {
  closed: [
    "queue.attempts",
    "queue.audit",
    "queue.batches",
    "queue.cancellations",
    "queue.holds",
    "queue.limit_states",
    "queue.limits",
    "queue.log_lines",
    "queue.pauses",
    "queue.processes",
    "queue.progress",
    "queue.queues",
    "queue.schedules",
    "queue.tasks",
    "queue.unique_windows",
    "queue.workers",
  ],
} satisfies Rights;
