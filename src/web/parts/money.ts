/** Money is whole minor units and a currency everywhere; only people see decimals. */
export type Money = { amount: number; currency: string };

export function sayMoney({ amount, currency }: Money): string {
  return formatOf(currency).format(amount / 10 ** digitsOf(currency));
}

/** "12.50" in a currency as minor units; null when it is no amount. */
export function minorUnits(text: string, currency: string): number | null {
  const digits = digitsOf(currency);
  const found = /^\s*(\d{1,12})(?:[.,](\d+))?\s*$/.exec(text);
  if (!found || (found[2]?.length ?? 0) > digits) return null;
  return Number(`${found[1]}${(found[2] ?? "").padEnd(digits, "0")}`);
}

/** What stands in an input: "12.50". */
export function plainAmount(amount: number, currency: string): string {
  const digits = digitsOf(currency);
  return (amount / 10 ** digits).toFixed(digits);
}

function digitsOf(currency: string): number {
  return formatOf(currency).resolvedOptions().maximumFractionDigits ?? 2;
}

function formatOf(currency: string): Intl.NumberFormat {
  return new Intl.NumberFormat("en", { style: "currency", currency });
}
