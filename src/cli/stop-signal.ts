const sameKeypressMs = 500; // npm passes Ctrl+C on to a child that has already got it from the terminal

/** Resolves at the first signal; a second one, later than the echo of the same keypress, ends the process at once. */
export function stopSignal(atOnce: () => void = () => process.exit(1)): Promise<void> {
  return new Promise((resolve) => {
    let asked = 0;
    const ask = () => {
      if (asked && performance.now() - asked > sameKeypressMs) atOnce();
      asked ||= performance.now();
      resolve();
    };
    process.on("SIGINT", ask).on("SIGTERM", ask);
  });
}

/** A signal sent to npm alone ends npm and the shell between us and never reaches this process. */
export function parentsEnd(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    setInterval(() => process.ppid !== parent && resolve(), 250).unref();
  });
}

/** Counted from the signal: what hangs is left. */
export function limitTheStop(withinMs: number): void {
  setTimeout(() => {
    process.stderr.write("howdah: something did not stop in time and was left.\n");
    process.exit(1);
  }, withinMs).unref();
}
