import { graphql } from "./graphql.ts";

export type Currency = { code: string; digits: number; symbol: string; hidesEmptyDigits: boolean };

export const CURRENCY = "code digits symbol hidesEmptyDigits";

/** All that Howdah can count, by their codes. */
export async function loadCurrencies(): Promise<Currency[]> {
  const { currencies } = await graphql<{ currencies: { nodes: Currency[] } }>(
    `query Currencies { currencies { nodes { ${CURRENCY} } } }`,
  );
  return currencies.nodes.sort((a, b) => a.code.localeCompare(b.code));
}
