/** Thrown by a task that will never succeed: the job fails for good, whatever attempts are left. */
export class Fail extends Error {
  override readonly name = "Fail";
}

const longestSnooze = 10 * 366 * 86_400;

/** Thrown by a task that wants to be run again in `seconds`, without an attempt being counted. */
export class Snooze extends Error {
  override readonly name = "Snooze";
  readonly seconds: number;

  constructor(seconds: number) {
    super(`again in ${seconds} s`);
    if (!(seconds >= 0 && seconds <= longestSnooze))
      throw new Fail(`A job cannot be snoozed for ${seconds} seconds.`);
    this.seconds = seconds;
  }
}
