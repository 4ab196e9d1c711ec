import type { Tracking } from "../store/events.ts";

/** Who read a letter, in the words that Postmark uses of opens and clicks. */
export type Reader = Pick<Tracking, "Platform" | "UserAgent" | "Client" | "OS" | "Geo">;

export function readerOf(userAgent: string, ip: string): Reader {
  return {
    Platform: platformOf(userAgent),
    UserAgent: userAgent,
    Client: firstNamed(clients, userAgent),
    OS: firstNamed(systems, userAgent),
    Geo: { ...jakarta, IP: ip },
  };
}

/** For events that the control API makes up. */
export function someReader(): Reader {
  return readerOf(
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "203.0.113.7",
  );
}

function platformOf(userAgent: string): string {
  if (/Mobile|Android|iPhone|iPad/.test(userAgent)) return "Mobile";
  return /Windows|Macintosh|Linux|CrOS/.test(userAgent) ? "Desktop" : "Unknown";
}

function firstNamed(known: [RegExp, string, string][], userAgent: string): Tracking["Client"] {
  for (const [pattern, family, company] of known) {
    const found = pattern.exec(userAgent);
    if (found)
      return { Name: [family, found[1]].filter(Boolean).join(" "), Company: company, Family: family };
  }
  return { Name: "unknown", Company: "unknown", Family: "unknown" };
}

/** Those first whose names others carry too. */
const clients: [RegExp, string, string][] = [
  [/Thunderbird\/([\d.]+)/, "Thunderbird", "Mozilla Foundation"],
  [/Edg\/([\d.]+)/, "Edge", "Microsoft Corporation"],
  [/Firefox\/([\d.]+)/, "Firefox", "Mozilla Foundation"],
  [/Chrome\/([\d.]+)/, "Chrome", "Google"],
  [/Version\/([\d.]+).*Safari/, "Safari", "Apple Inc."],
];

const systems: [RegExp, string, string][] = [
  [/Android ([\d.]+)/, "Android", "Google"],
  [/iPhone OS ([\d_]+)|iPad/, "iOS", "Apple Inc."],
  [/Mac OS X ([\d_.]+)/, "OS X", "Apple Computer, Inc."],
  [/Windows NT ([\d.]+)/, "Windows", "Microsoft Corporation"],
  [/Linux/, "Linux", ""],
];

const jakarta = {
  CountryISOCode: "ID",
  Country: "Indonesia",
  RegionISOCode: "JK",
  Region: "Jakarta",
  City: "Jakarta",
  Zip: "10110",
  Coords: "-6.1754,106.8272",
};
