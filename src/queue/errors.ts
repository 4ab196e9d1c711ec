/** Thrown by a task that will never succeed: the job fails for good, whatever attempts are left. */
export class Fail extends Error {
  override readonly name = "Fail";
}
