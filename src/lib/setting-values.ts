import * as v from "valibot";

/** What a setting was refused for, in words. */
export const must = (what: string) => (issue: { input: unknown }) =>
  `must be ${what}, not "${String(issue.input)}".`;

export const wholeNumber = (low: number, high: number, fallback: number) =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d+$/, must(`a whole number from ${low} to ${high}`)),
      v.transform(Number),
      v.minValue(low, must(`a whole number from ${low} to ${high}`)),
      v.maxValue(high, must(`a whole number from ${low} to ${high}`)),
    ),
    String(fallback),
  );

export const onOff = v.optional(
  v.pipe(
    v.picklist(["on", "off"], must("on or off")),
    v.transform((word) => word === "on"),
  ),
);

export const url = (protocols: string[], what: string) =>
  v.pipe(
    v.string(),
    v.check((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), must(what)),
  );

export const webUrl = url(["http:", "https:"], "a URL such as https://school.example");

/** What paths are put behind. */
export const baseUrl = v.pipe(
  webUrl,
  v.transform((url) => url.replace(/\/+$/, "")),
);

export const isKeySet = (jwks: string) =>
  jwks.startsWith("{") ? /"keys"\s*:\s*\[/.test(jwks) : /^https?:/.test(jwks) && URL.canParse(jwks);

export const splitList = (list: string) =>
  list
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean);

export const isOrigin = (origin: string) =>
  origin === "*" || (URL.canParse(origin) && new URL(origin).origin === origin);
