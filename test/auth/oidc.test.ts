import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { foreignKeys } from "#auth/identities.ts";
import { mintToken, openVerifier, type Verifier } from "#auth/jwt.ts";
import { loadConfig } from "#config.ts";
import { openWorld, type World } from "../support/world.ts";

// Tokens of an OpenID issuer: who they speak for is ours to say.

const issuer = "https://id.example";
const audience = "howdah";
let world: World;
let sign: (claims: object, options?: { issuer?: string; audience?: string }) => Promise<string>;
let verify: Verifier;
let provisioning: Verifier;

before(async () => {
  world = await openWorld();
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwtJwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg: "ES256" }] });
  sign = (claims, options = {}) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "k" })
      .setIssuer(options.issuer ?? issuer)
      .setAudience(options.audience ?? audience)
      .setExpirationTime("10m")
      .sign(privateKey);
  const verifierFor = (provision: boolean) =>
    openVerifier(
      world.jwtSecret,
      foreignKeys({ jwtJwks, oidc: { issuer, audience, provision } }, world.pool),
    );
  [verify, provisioning] = [verifierFor(false), verifierFor(true)];
});
after(() => world[Symbol.asyncDispose]());

async function person(address: string): Promise<string> {
  const { rows } = await world.pool.query("select id from app.find_or_create_person($1, 'Ada')", [address]);
  return rows[0].id;
}

const count = async () => Number((await world.pool.query("select count(*) from app.people")).rows[0].count);

test("a verified address links the subject to its person, who is found by the subject from then on", async () => {
  const ada = await person("ada@oidc.example");
  const first = await verify(await sign({ sub: "auth0|1", email: "ADA@oidc.example", email_verified: true }));
  assert.deepEqual([first.sub, first.role], [ada, "authenticated"]);
  assert.equal((await verify(await sign({ sub: "auth0|1" }))).sub, ada);
  const changed = { sub: "auth0|1", email: "other@oidc.example", email_verified: true };
  await person("other@oidc.example");
  assert.equal((await verify(await sign(changed))).sub, ada);
});

test("an address that is not verified links nobody, and an unknown person is refused", async () => {
  await person("eve@oidc.example");
  const people = await count();
  for (const claims of [
    { sub: "2", email: "eve@oidc.example" },
    { sub: "2", email: "eve@oidc.example", email_verified: false },
    { sub: "2", email: "eve@oidc.example", email_verified: "true" },
    { sub: "3", email: "unknown@oidc.example", email_verified: true },
  ])
    await assert.rejects(verify(await sign(claims)).then(), { code: "UnknownIdentity", status: 401 });
  await assert.rejects(verify(await sign({ email: "eve@oidc.example", email_verified: true })), {
    code: "InvalidJWTToken",
  });
  assert.equal(await count(), people);
});

test("the token says nothing about the database role", async () => {
  await person("mallory@oidc.example");
  const claims = { sub: "4", email: "mallory@oidc.example", email_verified: true };
  for (const role of ["service_role", "howdah_api", "anon"])
    assert.equal((await verify(await sign({ ...claims, role, session_id: "x" }))).role, "authenticated");
  assert.equal((await verify(await sign({ ...claims, session_id: "x" }))).session_id, undefined);
  const ours = await mintToken({ role: "service_role" }, world.jwtSecret, 60);
  assert.equal((await verify(ours)).role, "service_role", "a server of ours may");
});

test("another issuer or audience is refused", async () => {
  const claims = { sub: "auth0|1" };
  for (const options of [{ issuer: "https://evil.example" }, { audience: "another" }])
    await assert.rejects(verify(await sign(claims, options)), { code: "InvalidJWTToken", status: 401 });
});

test("where provisioning is on, a verified address makes a person, once", async () => {
  const people = await count();
  const claims = { sub: "5", email: "new@oidc.example", email_verified: true, name: "New Person" };
  const tokens = await Promise.all([sign(claims), sign(claims), sign(claims)]);
  const subs = new Set((await Promise.all(tokens.map(provisioning))).map(({ sub }) => sub));
  assert.equal(subs.size, 1);
  assert.equal(await count(), people + 1);
  const bad = { sub: "6", email: "not an address", email_verified: true };
  await assert.rejects(provisioning(await sign(bad)), { code: "UnknownIdentity" });
});

test("an operator says who somebody is", async () => {
  const omar = await person("omar@oidc.example");
  await world.pool.query("select app.link_identity('omar@oidc.example', $1, 'omar')", [issuer]);
  assert.equal((await verify(await sign({ sub: "omar" }))).sub, omar);
});

test("the settings of an issuer come together or not at all", () => {
  const jwks = '{"keys":[]}';
  const { oidc } = loadConfig({ OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, JWT_JWKS: jwks });
  assert.deepEqual(oidc, { issuer, audience, provision: false });
  for (const env of [
    { OIDC_ISSUER: issuer },
    { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience },
    { OIDC_AUDIENCE: audience, JWT_JWKS: jwks },
  ])
    assert.throws(() => loadConfig(env), /OIDC_ISSUER, OIDC_AUDIENCE and JWT_JWKS belong together/);
});
