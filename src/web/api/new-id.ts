/** A UUID; `randomUUID` is missing on plain http away from localhost, for example on a phone in the same network. */
export function newId(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const random = () => crypto.getRandomValues(new Uint8Array(1))[0] ?? 0;
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (Number(digit) ^ (random() & (15 >> (Number(digit) / 4)))).toString(16),
  );
}
