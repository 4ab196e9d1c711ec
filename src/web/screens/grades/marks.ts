import type { Assignment, Grade, Scale } from "./api.ts";

export type Value = { points: number | null; mark: string | null };

export const SCALES: readonly (readonly [Scale, string])[] = [
  ["points", "Points"],
  ["letters", "Letters, A+ to F"],
  ["pass", "Pass or fail"],
  ["words", "Words of your own"],
];

/** What stands in a cell; "" without a grade. */
export function show(grade: Value | undefined): string {
  if (!grade) return "";
  return grade.points === null ? capital(grade.mark ?? "") : String(grade.points);
}

/** "17 of 20", or the mark alone. */
export function showWhole(value: Value, { maxPoints }: Pick<Assignment, "maxPoints">): string {
  return value.points === null || maxPoints === null ? show(value) : `${value.points} of ${maxPoints}`;
}

/** What was typed as a value of the assignment's scale, or the words that say what is wrong. */
export function parse(text: string, { scale, maxPoints }: Assignment): Value | string {
  const typed = text.trim();
  if (!typed) return { points: null, mark: null };
  if (scale === "points") return parsePoints(typed, maxPoints ?? 100);
  if (scale === "letters") {
    const mark = typed.toUpperCase();
    return /^[A-F][+-]?$/.test(mark) ? { points: null, mark } : "Letters go from A+ to F.";
  }
  if (scale === "pass") {
    const mark = ["pass", "fail"].find((word) => word.startsWith(typed.toLowerCase()));
    return mark ? { points: null, mark } : "Type pass or fail; p or f will do.";
  }
  return typed.length <= 40 ? { points: null, mark: typed } : "A mark has 40 characters at most.";
}

function parsePoints(typed: string, max: number): Value | string {
  const points = Number(typed.replace(",", "."));
  if (Number.isNaN(points) || points < 0 || points > max) return `Points go from 0 to ${max}.`;
  return { points: Math.round(points * 100) / 100, mark: null };
}

export function isSame(a: Value | undefined, b: Value): boolean {
  return (a?.points ?? null) === b.points && (a?.mark ?? null) === b.mark;
}

/** The middle of what was given in points, for the foot of a column. */
export function average(grades: Grade[]): string {
  const points = grades.flatMap((grade) => (grade.points === null ? [] : [grade.points]));
  if (points.length === 0) return "–";
  return (points.reduce((sum, one) => sum + one, 0) / points.length).toFixed(1);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
