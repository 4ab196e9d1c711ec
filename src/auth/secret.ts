import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { AppError } from "#errors.ts";

const shortest = 32;

/** The signing secret of the settings, or the one generated on the first start and kept under `dir`. */
export async function openSecret(settings: { jwtSecret: string | undefined; dir: string }): Promise<string> {
  if (settings.jwtSecret !== undefined) return settings.jwtSecret;
  const file = path.join(settings.dir, "jwt-secret");
  await mkdir(settings.dir, { recursive: true });
  await createOnce(file, randomBytes(33).toString("base64url"));
  const secret = (await readFile(file, "utf8")).trim();
  if (secret.length >= shortest) return secret;
  throw new AppError(
    "BadSecret",
    `${file} is damaged: delete it, and everybody signs in again; or set JWT_SECRET.`,
  );
}

/** Written beside its place and linked: nobody ever reads half a secret, and the first of two processes wins. */
async function createOnce(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, text, { mode: 0o600 });
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft, { force: true });
}
