import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** The signing secret of the settings, or the one generated on the first start and kept under `dir`. */
export async function openSecret(settings: { jwtSecret: string | undefined; dir: string }): Promise<string> {
  if (settings.jwtSecret !== undefined) return settings.jwtSecret;
  const file = path.join(settings.dir, "jwt-secret");
  await mkdir(settings.dir, { recursive: true });
  const fresh = randomBytes(33).toString("base64url");
  await writeFile(file, fresh, { mode: 0o600, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  return (await readFile(file, "utf8")).trim();
}
