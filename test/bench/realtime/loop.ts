import { monitorEventLoopDelay, performance } from "node:perf_hooks";

/** How a process of the bench itself fared: p99 of how late a timer came, in ms, and the share of time it was busy. */
export type Loop = { late: number; busy: number };

const tickMs = 1;

/** Watches the event loop of this process until the returned function is called. */
export function watchLoop(): () => Loop {
  const delays = monitorEventLoopDelay({ resolution: tickMs });
  const began = performance.eventLoopUtilization();
  delays.enable();
  return () => {
    delays.disable();
    const late = Math.max(0, delays.percentile(99) / 1e6 - tickMs); // the tick itself is counted in
    return { late, busy: performance.eventLoopUtilization(began).utilization };
  };
}

export function worse(one: Loop, other: Loop): Loop {
  return { late: Math.max(one.late, other.late), busy: Math.max(one.busy, other.busy) };
}
