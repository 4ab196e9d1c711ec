import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "#config.ts";
import { toMessage } from "#mail/message.ts";
import { mailSettings } from "#mail/settings.ts";
import { letter } from "./servers.ts";

for (const [mode, onBroadcast] of [
  [undefined, true],
  ["own", true],
  ["postmark", false],
] as const)
  test(`MAIL_UNSUBSCRIBE=${mode ?? ""}: our headers stand on transactional mail, and on broadcasts: ${onBroadcast}`, () => {
    const settings = mailSettings(
      readConfig({ MAIL_UNSUBSCRIBE: mode, PUBLIC_URL: "https://school.example" }),
    );
    const headersOf = (stream: string) =>
      toMessage(letter({ stream, unsubscribeToken: "t0" }), settings)
        .Headers.filter(({ Name }) => /^List-/.test(Name))
        .map(({ Name, Value }) => `${Name}: ${Value}`);
    const ours = [
      "List-Unsubscribe: <https://school.example/unsubscribe/t0>",
      "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ];
    assert.deepEqual(headersOf("outbound"), ours);
    assert.deepEqual(headersOf("broadcast"), onBroadcast ? ours : []);
  });

test("MAIL_UNSUBSCRIBE is own or postmark, nothing else", () => {
  assert.throws(
    () => readConfig({ MAIL_UNSUBSCRIBE: "Postmark" }),
    /MAIL_UNSUBSCRIBE must be own or postmark/,
  );
});
