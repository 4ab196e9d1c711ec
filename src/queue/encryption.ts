import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { AppError } from "#errors.ts";

let key: Buffer | undefined;

/** Sets the secret from which payloads are encrypted (AES-256-GCM); every process needs the same. */
export function configureEncryption(secret: string): void {
  key = Buffer.from(hkdfSync("sha256", secret, "", "howdah queue payloads", 32));
}

export function encrypt(payload: unknown): { encrypted: string } {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", requireKey(), iv);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(payload), "utf8"), cipher.final()]);
  return { encrypted: Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64") };
}

/** Throws AppError `NotDecrypted` when the payload was made with another secret or was changed since. */
export function decrypt(data: unknown): unknown {
  try {
    const bytes = Buffer.from((data as { encrypted: string }).encrypted, "base64");
    const decipher = createDecipheriv("aes-256-gcm", requireKey(), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return JSON.parse(decipher.update(bytes.subarray(28), undefined, "utf8") + decipher.final("utf8"));
  } catch (cause) {
    throw new AppError(
      "NotDecrypted",
      "This payload cannot be decrypted: it was encrypted with another JWT_SECRET, or was changed since.",
      { cause },
    );
  }
}

function requireKey(): Buffer {
  if (key) return key;
  throw new AppError(
    "NoEncryptionKey",
    "No secret was configured: call configureEncryption(secret) of #queue/encryption.ts at start.",
  );
}
