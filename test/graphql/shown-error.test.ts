import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphQLError } from "postgraphile/graphql";
import { shownError } from "#graphql/shown-error.ts";

function shown(cause: object, signedIn = true) {
  const originalError = Object.assign(new Error("original words"), cause);
  return shownError(
    new GraphQLError(originalError.message, { originalError, path: ["room"] }),
    signedIn,
  ).toJSON();
}

test("our own errors keep their words, with the field in the API's spelling", () => {
  assert.deepEqual(shown({ code: "HW409", column: "client_id" }), {
    message: "original words",
    path: ["room"],
    extensions: { code: "HW409", field: "clientId" },
  });
});

test("a missing right means signing in to whoever has not, and is our fault to whoever has", () => {
  assert.equal(shown({ code: "42501" }, false).extensions?.code, "HW401");
  assert.equal(shown({ code: "42501" }, true).extensions?.code, "HW500");
});

test("what took too long says so", () => {
  const { message, extensions } = shown({ code: "57014" });
  assert.match(message, /longer than 5 seconds/);
  assert.deepEqual(extensions, { code: "HW504" });
});

test("nothing of a masked error is left, not even as a property", () => {
  const originalError = Object.assign(new Error("secret words"), { detail: "secret", query: "secret" });
  const masked = shownError(new GraphQLError("secret words", { originalError }), true);
  assert.equal(masked.originalError, undefined);
  assert.doesNotMatch(JSON.stringify(masked), /secret/);
});
