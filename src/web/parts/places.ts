export const LANGUAGES: Record<string, string> = { en: "English", id: "Bahasa Indonesia" };

/** All time zones that the browser knows, and the one that is set: pairs of value and words. */
export function zoneOptions(set: string): (readonly [string, string])[] {
  const known = Intl.supportedValuesOf("timeZone");
  const zones = set && !known.includes(set) ? [set, ...known] : known;
  return zones.map((zone) => [zone, sayZone(zone)] as const);
}

export function sayZone(zone: string): string {
  return zone.replaceAll("_", " ");
}
