export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The nearest rank; NaN of nothing. The median of an even number of values is the mean of the two in the middle. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (share === 0.5 && sorted.length % 2 === 0) return (at(sorted, 0.5) + at(sorted, 0.5, 1)) / 2;
  return at(sorted, share);
}

function at(sorted: readonly number[], share: number, further = 0): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1) + further] ?? Number.NaN;
}
