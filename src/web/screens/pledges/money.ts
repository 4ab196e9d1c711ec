import type { Currency } from "../../api/currencies.ts";

/** "Rp 150,000" or "-€1,234.50", as the letters write it. */
export function sayMoney(amount: bigint, { digits, symbol, hidesEmptyDigits }: Currency): string {
  const unit = 10n ** BigInt(digits);
  const size = amount < 0n ? -amount : amount;
  const rest = size % unit;
  const fraction = digits === 0 || (hidesEmptyDigits && rest === 0n) ? "" : `.${padded(rest, digits)}`;
  const space = /[a-z]$/i.test(symbol) ? "\u00a0" : "";
  return `${amount < 0n ? "-" : ""}${symbol}${space}${(size / unit).toLocaleString("en")}${fraction}`;
}

/**
 * The smallest units of what somebody wrote, with commas or points between thousands and before decimals; null where it is
 * no amount, has more decimals than the currency, or could mean two amounts.
 */
export function readMoney(text: string, digits: number): bigint | null {
  const written = text.replaceAll(/[\s\u00a0']/g, "");
  const decimals = digits > 0 ? `\\d{1,${digits}}` : "(?!)";
  const plain = new RegExp(`^(?<whole>\\d+)(?:[.,](?<fraction>${decimals}))?$`).exec(written);
  const grouped = new RegExp(
    `^(?<whole>\\d{1,3}(?<mark>[.,])\\d{3}(?:\\k<mark>\\d{3})*)(?:(?!\\k<mark>)[.,](?<fraction>${decimals}))?$`,
  ).exec(written);
  if (plain && grouped) return null;
  const { whole, fraction = "" } = (plain ?? grouped)?.groups ?? {};
  if (whole === undefined) return null;
  return BigInt(whole.replaceAll(/[.,]/g, "") + fraction.padEnd(digits, "0"));
}

/** As it is written into a field: "1234.50". */
export function writeMoney(amount: bigint, { digits, hidesEmptyDigits }: Currency): string {
  const unit = 10n ** BigInt(digits);
  const rest = amount % unit;
  if (digits === 0 || (hidesEmptyDigits && rest === 0n)) return String(amount / unit);
  return `${amount / unit}.${padded(rest, digits)}`;
}

function padded(rest: bigint, digits: number): string {
  return String(rest).padStart(digits, "0");
}
