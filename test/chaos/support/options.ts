/** Options as parseArgs reads them, each checked by what it must be. */
export function numberOf<Name extends string>(values: { [name in Name]?: string }, name: Name): number {
  const value = Number(values[name]);
  if (!(value >= 0)) throw new Error(`--${name} must be a number, not "${values[name]}".`);
  return value;
}

export function oneOf<Known extends string>(known: readonly Known[], given: string, flag: string): Known {
  const found = known.find((each) => each === given);
  if (!found) throw new Error(`${flag} knows ${known.join(", ")}, not "${given}".`);
  return found;
}

/** How the server is broken on purpose, if at all. */
export function breakageOf<Known extends string>(
  known: readonly Known[],
  given: string | undefined,
): Known | undefined {
  return given === undefined ? undefined : oneOf(known, given, "--break");
}
