/** What a suite aims at: ours, and the number it is compared with. */
export type Goal<Results> = {
  text: string;
  numbers(results: Results): [ours: number | undefined, other: number | undefined];
  met(ours: number, other: number): boolean;
  show(value: number | undefined): string;
};

/** The last word of a run: what was aimed at, and whether it was reached. */
export function printGoals<Results>(title: string, goals: readonly Goal<Results>[], results: Results): void {
  console.log(`\n${title}\n`);
  for (const goal of goals) console.log(lineOf(goal, results));
}

function lineOf<Results>({ text, numbers, met, show }: Goal<Results>, results: Results): string {
  const [ours, other] = numbers(results);
  if (ours === undefined || other === undefined) return `- not measured: ${text}`;
  const times = (ours / other).toFixed(2);
  return `- ${met(ours, other) ? "met" : "NOT met"}: ${text} (${show(ours)} to ${show(other)}, ${times}×)`;
}
