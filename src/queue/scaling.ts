/** What waits in a queue that is served and not paused, as queue.backlog() has it. */
export type Load = {
  queue: string;
  ready: number;
  oldestSeconds: number;
  /** Of the last minutes; null when nothing was completed. */
  averageMs: number | null;
  /** Jobs of this queue at once in one process. */
  concurrency: number;
  ratePerSecond: number | null;
  /** Its jobs may wait for a key that is closed, whatever is free here. */
  limited: boolean;
};

export type Fleet = {
  processes: number;
  /** Of each process. */
  slots: number;
  /** Jobs that run in the fleet now. */
  running: number;
  /** Slots of processes elsewhere that work on the same backlog. */
  otherSlots: number;
};

export type Bounds = {
  min: number;
  max: number;
  targetWaitSeconds: number;
  maxShift: number;
  cooldownMs: number;
};

/** When the fleet changed last, and when it was last needed as it was. */
export type Moments = { changedAt: number; neededAt: number };

const calmCooldowns = 3;
const unknownAverageMs = 1000;
const saturated = 0.8;

/**
 * How many processes the next moment has: a step towards the wanted number, once a cooldown; downwards only when fewer
 * were wanted for three cooldowns on end.
 */
export function nextSize(
  wanted: number,
  processes: number,
  { min, max, maxShift, cooldownMs }: Bounds,
  { changedAt, neededAt }: Moments,
  now: number,
): number {
  if (processes < min) return min;
  if (processes > max) return max;
  const step = Math.max(-maxShift, Math.min(maxShift, Math.max(min, Math.min(max, wanted)) - processes));
  if (now - changedAt < cooldownMs) return processes;
  if (step < 0 && now - neededAt < calmCooldowns * cooldownMs) return processes;
  return processes + step;
}

/**
 * The processes by which what waits is worked off within the target: more when they would take longer or somebody has
 * waited longer already, fewer when what runs and waits fits into fewer. Order plays no part: every process serves all
 * queues in theirs.
 */
export function wantedProcesses(loads: readonly Load[], fleet: Fleet, bounds: Bounds): number {
  const needs = loads.map((load) => ({ load, slots: slotsFor(load, fleet, bounds) * shareOf(fleet) }));
  const together = needs.reduce((sum, { slots }) => sum + slots, 0);
  const alone = needs.map(({ load, slots }) => slots / Math.min(fleet.slots, load.concurrency));
  const forBacklog = Math.ceil(Math.max(together / fleet.slots, ...alone));
  const forWaiting = loads.some((load) => waitsTooLong(load, fleet, bounds)) ? fleet.processes + 1 : 0;
  const more = Math.max(forBacklog, forWaiting);
  if (more > fleet.processes) return more;
  return Math.min(fleet.processes, Math.max(more, Math.ceil((together + fleet.running) / fleet.slots)));
}

/** Slots that work off the queue within the target; a rate lets only so many be of use. */
function slotsFor(load: Load, fleet: Fleet, { targetWaitSeconds }: Bounds): number {
  if (load.limited && !isSaturated(load, fleet)) return 0;
  const seconds = (load.averageMs ?? unknownAverageMs) / 1000;
  const slots = (load.ready * seconds) / targetWaitSeconds;
  return load.ratePerSecond === null ? slots : Math.min(slots, load.ratePerSecond * seconds);
}

/** What others can work off of the same backlog is left to them. */
function shareOf({ processes, slots, otherSlots }: Fleet): number {
  const own = Math.max(processes, 1) * slots;
  return own / (own + otherSlots);
}

function waitsTooLong(load: Load, fleet: Fleet, { targetWaitSeconds }: Bounds): boolean {
  const heldBack = load.ratePerSecond !== null;
  return load.ready > 0 && load.oldestSeconds > targetWaitSeconds && !heldBack && isSaturated(load, fleet);
}

/** Whether the fleet does what it can; while it does not, something else than a lack of processes holds jobs back. */
function isSaturated({ concurrency }: Load, { running, processes, slots }: Fleet): boolean {
  return running >= saturated * processes * Math.min(slots, concurrency);
}
