import { AppError } from "#errors.ts";

/** Where a queue stands among those that wait for a slot: lower ranks first, weights share within a rank. */
export type Place = { rank: number; weight: number };

/**
 * Reads `--queue=high,default:3+bulk:1`: a comma is strict order, `+` shares within a rank by weight. Throws AppError
 * `BadOption`.
 */
export function parseOrder(text: string): Map<string, Place> {
  const places = new Map<string, Place>();
  text.split(",").forEach((rankText, rank) => {
    for (const share of rankText.split("+")) {
      const [, name, weight = "1"] = /^\s*([^,/\s+]+?)(?::(\d*))?\s*$/.exec(share) ?? [];
      if (!name || Number(weight) < 1 || Number(weight) > 1000)
        throw new AppError(
          "BadOption",
          `--queue cannot be "${text}": write names such as high,default or high,default:3+bulk:1.`,
        );
      if (places.has(name)) throw new AppError("BadOption", `--queue names ${name} twice.`);
      places.set(name, { rank, weight: Number(weight) });
    }
  });
  return places;
}
