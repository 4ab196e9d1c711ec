import { hkdfSync } from "node:crypto";

/** What the provider must know to tell us of letters: that of the settings, or one made of the JWT secret. */
export function webhookSecretOf(given: string | undefined, jwtSecret: string): string {
  return (
    given ??
    Buffer.from(hkdfSync("sha256", jwtSecret, "", "howdah postmark webhook", 24)).toString("base64url")
  );
}
