import assert from "node:assert/strict";
import { test } from "node:test";
import { toMessage } from "#mail/message.ts";
import { letter } from "./servers.ts";

const settings = { from: "School <mail@school.test>", publicUrl: "https://school.test" };

const namesOf = (message: ReturnType<typeof toMessage>) => message.Headers.map(({ Name }) => Name);

test("a letter one can leave says how in its headers, and one does so by a post", () => {
  const message = toMessage(letter({ unsubscribeToken: "t0ken" }), settings);
  assert.deepEqual(message.Headers.slice(1), [
    { Name: "List-Unsubscribe", Value: "<https://school.test/unsubscribe/t0ken>" },
    { Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click" },
  ]);
  assert.deepEqual(namesOf(toMessage(letter(), settings)), ["Message-ID"]);
});

test("where Postmark unsubscribes, it writes the headers of the broadcast stream itself", () => {
  const leaving = { ...settings, unsubscribe: "postmark" as const };
  const broadcast = letter({ unsubscribeToken: "t0ken", stream: "broadcast" });
  assert.deepEqual(namesOf(toMessage(broadcast, leaving)), ["Message-ID"]);
  assert.equal(namesOf(toMessage({ ...broadcast, stream: "outbound" }, leaving)).length, 3);
  assert.equal(namesOf(toMessage(broadcast, settings)).length, 3);
});

test("only letters of campaigns are tracked, and only where that is wanted", () => {
  const tracked = (category: string, tracking: boolean) => {
    const { TrackOpens, TrackLinks } = toMessage(letter({ category }), { ...settings, tracking });
    return [TrackOpens, TrackLinks];
  };
  assert.deepEqual(tracked("campaign", true), [true, "HtmlAndText"]);
  assert.deepEqual(tracked("campaign", false), [false, "None"]);
  assert.deepEqual(tracked("security", true), [false, "None"]);
});

test("the name of the recipient cannot add a header or an address", () => {
  const message = toMessage(letter({ recipientName: 'Eve" <x@y.zz>,\r\nBcc: all@school.test' }), settings);
  assert.equal(message.To, '"Eve x@y.zz, Bcc: all@school.test" <ada@school.test>');
});
