/** The word that was most likely meant: one that contains what was typed, else the one with the fewest letters changed. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  const containing = words.find((word) => word.includes(typed));
  if (containing !== undefined && typed !== "") return containing;
  const [best] = words
    .map((word) => ({ word, changes: changesBetween(typed, word) }))
    .sort((a, b) => a.changes - b.changes);
  return best && best.changes <= Math.max(2, typed.length / 3) ? best.word : undefined;
}

/** Letters to add, take away or replace. */
function changesBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries())
      next.push(
        Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + Number(letter !== other)),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
