import type pg from "pg";
import type { ForeignKeys, Identity } from "#auth/foreign-keys.ts";
import type { Config } from "#config.ts";

/** The keys of others that the settings name, or nothing. */
export function foreignKeys(
  { jwtJwks: jwks, oidc }: Pick<Config, "jwtJwks" | "oidc">,
  pool: pg.Pool,
): ForeignKeys | undefined {
  if (jwks === undefined) return undefined;
  if (!oidc) return { jwks };
  const personOf = (identity: Identity) => personOfIdentity(pool, identity, oidc.provision);
  return { jwks, oidc: { ...oidc, personOf } };
}

async function personOfIdentity(
  pool: pg.Pool,
  { issuer, subject, address, name }: Identity,
  provision: boolean,
): Promise<string | null> {
  const { rows } = await pool.query<{ id: string | null }>(
    "select app.person_of_identity($1, $2, $3, $4, $5) as id",
    [issuer, subject, address && looksLikeMail.test(address) ? address : null, name, provision],
  );
  return rows[0]?.id ?? null;
}

const looksLikeMail = /^[^\s@<>(),;:"\\[\]]{1,64}@[^\s@<>(),;:"\\[\]]+\.[^\s@<>(),;:"\\[\].]{1,100}$/;
