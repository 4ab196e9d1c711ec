/** Milliseconds of the machine's monotonic clock, which all processes on it share, PHP's hrtime() too. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
