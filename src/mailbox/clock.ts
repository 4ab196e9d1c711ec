/** The time of the mailbox; it can be put forward, never back. */
export type Clock = { now(): Date; advance(seconds: number): void };

export function createClock(): Clock {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    advance: (seconds) => {
      ahead += seconds * 1000;
    },
  };
}
