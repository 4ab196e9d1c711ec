import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { before, test } from "node:test";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { mintToken, openVerifier } from "#auth/jwt.ts";

// Tokens of others, signed with a key of a JWKS, beside our own.

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

const secret = "a secret of more than thirty-two characters";
const sub = "11111111-1111-4111-8111-111111111111";
const algorithms = ["RS256", "PS512", "ES256", "EdDSA"];
const keys = new Map<string, { privateKey: PrivateKey; jwk: JWK }>();
let jwks: string;

before(async () => {
  for (const alg of [...algorithms, "ES384"]) {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    keys.set(alg, { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: alg, alg } });
  }
  const published = algorithms.map((alg) => keys.get(alg)?.jwk);
  jwks = JSON.stringify({ keys: published });
});

const sign = (alg: string, claims: object = {}, exp: string | number = "1h") =>
  new SignJWT({ role: "authenticated", sub, ...claims })
    .setProtectedHeader({ alg, kid: alg })
    .setExpirationTime(exp)
    .sign(keys.get(alg)?.privateKey as PrivateKey);

test("a token signed with a key of the set is taken, and so are our own", async () => {
  const verify = openVerifier(secret, { jwks });
  for (const alg of algorithms) assert.equal((await verify(await sign(alg))).sub, sub, alg);
  assert.equal((await verify(await mintToken({ role: "service_role" }, secret, 60))).role, "service_role");
});

test("a key that is not in the set, an expired token and a service_role of others are refused", async () => {
  const verify = openVerifier(secret, { jwks });
  await assert.rejects(verify(await sign("ES384")), { code: "JwtSignatureError", status: 401 });
  await assert.rejects(verify(await sign("ES256", {}, 1)), /Token has expired \d+ seconds ago/);
  await assert.rejects(verify(await sign("ES256", { role: "service_role" })), { code: "InvalidJWTToken" });
  await assert.rejects(verify(await sign("ES256", { sub: "admin" })), { code: "InvalidJWTToken" });
  await assert.rejects(verify("no token"), { code: "MalformedJWT" });
  await assert.rejects(openVerifier(secret)(await sign("ES256")), { code: "JwtSignatureError" });
});

test("the role of somebody else's token is ours to say: authenticated with a person, anon without", async () => {
  const verify = openVerifier(secret, { jwks });
  for (const role of ["anon", "authenticated", "howdah_api", undefined]) {
    assert.equal((await verify(await sign("ES256", { role }))).role, "authenticated");
    assert.equal((await verify(await sign("ES256", { role, sub: undefined }))).role, "anon");
  }
});

test("a public key is no secret: a token signed with it as one is refused", async () => {
  const forged = await new SignJWT({ role: "authenticated", sub })
    .setProtectedHeader({ alg: "HS256", kid: "RS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(JSON.stringify(keys.get("RS256")?.jwk)));
  await assert.rejects(openVerifier(secret, { jwks })(forged), { code: "JwtSignatureError" });
});

test("a set at a URL is fetched, and its absence says nothing about the token", async () => {
  const server = createServer((_request, response) => response.end(jwks)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  assert.equal((await openVerifier(secret, { jwks: url })(await sign("RS256"))).sub, sub);
  await assert.rejects(openVerifier(secret, { jwks: url })(await sign("ES384")), {
    code: "JwtSignatureError",
  });
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  await assert.rejects(openVerifier(secret, { jwks: url })(await sign("RS256")), {
    code: "JwksUnavailable",
    status: 503,
  });
});
