import assert from "node:assert/strict";
import { test } from "node:test";
import { openPlace } from "./place.ts";
import type { Receiver } from "./receiver.ts";

const letter = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };
const everything = {
  Open: { Enabled: true, PostFirstOpenOnly: false },
  Click: { Enabled: true },
  Delivery: { Enabled: true },
  Bounce: { Enabled: true, IncludeContent: true },
  SpamComplaint: { Enabled: true, IncludeContent: false },
  SubscriptionChange: { Enabled: true },
};

test("every kind of event, in full", async () => {
  await using place = await openPlace();
  const { mailbox, client, receiver } = place;
  await place.register({ Triggers: everything });
  const Metadata = { mid: "m1", a: "1" };
  const tracked = {
    ...letter,
    Tag: "greeting",
    Metadata,
    HtmlBody: '<a href="https://school.test/">x</a>',
    TrackOpens: true,
    TrackLinks: "HtmlOnly",
  } as never;
  const { MessageID } = await client.sendEmail(tracked);
  for (const kind of ["open", "click", "complaint"])
    await mailbox.control("POST", `events/${kind}`, { messageId: MessageID });
  const bounced = (await client.sendEmail({ ...letter, To: "hardbounce@mailbox.test", Metadata })).MessageID;
  await place.settle();
  const reader = {
    Platform: "Desktop",
    Client: { Name: "Chrome 141.0.0.0", Company: "Google", Family: "Chrome" },
    OS: { Name: "OS X 10_15_7", Company: "Apple Computer, Inc.", Family: "OS X" },
    Geo: {
      CountryISOCode: "ID",
      Country: "Indonesia",
      RegionISOCode: "JK",
      Region: "Jakarta",
      City: "Jakarta",
      Zip: "10110",
      Coords: "-6.1754,106.8272",
      IP: "203.0.113.7",
    },
  };
  const common = { MessageStream: "outbound", MessageID, Metadata };
  const complaint = {
    ...common,
    RecordType: "SpamComplaint",
    Type: "SpamComplaint",
    TypeCode: 100001,
    Name: "Spam complaint",
    Tag: "greeting",
    ServerID: 1,
    Description: "The subscriber explicitly marked this message as spam.",
    Details: "Marked as spam by the recipient",
    Email: "ada@school.test",
    From: "mail@school.test",
    DumpAvailable: true,
    Inactive: true,
    CanActivate: false,
    Subject: "Hello",
  };
  const { Tag: _, ...untagged } = complaint;
  const change = {
    ...common,
    RecordType: "SubscriptionChange",
    ServerID: 1,
    Recipient: "ada@school.test",
    Origin: "Recipient",
    SuppressSending: true,
    SuppressionReason: "SpamComplaint",
    Tag: "greeting",
  };
  assertSame(receiver, [
    {
      ...common,
      RecordType: "Delivery",
      ServerID: 1,
      Recipient: "ada@school.test",
      Tag: "greeting",
      Details: "smtp;250 2.0.0 OK kept in the mailbox",
    },
    {
      ...common,
      ...reader,
      RecordType: "Open",
      FirstOpen: true,
      ReadSeconds: 5,
      Recipient: "ada@school.test",
      Tag: "greeting",
    },
    {
      ...common,
      ...reader,
      RecordType: "Click",
      ClickLocation: "HTML",
      OriginalLink: "https://school.test/",
      Recipient: "ada@school.test",
      Tag: "greeting",
    },
    complaint,
    change,
    {
      ...untagged,
      MessageID: bounced,
      RecordType: "Bounce",
      Type: "HardBounce",
      TypeCode: 1,
      Name: "Hard bounce",
      Description: "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
      Details: "smtp;550 5.1.1 The email account that you tried to reach does not exist",
      Email: "hardbounce@mailbox.test",
      CanActivate: true,
      Content: "",
    },
    {
      ...change,
      MessageID: bounced,
      Recipient: "hardbounce@mailbox.test",
      SuppressionReason: "HardBounce",
      Tag: null,
    },
  ]);
});

test("a suppression by the customer, and its end, name no letter", async () => {
  await using place = await openPlace();
  const { client, receiver } = place;
  await place.register({ Triggers: everything });
  const Suppressions = [{ EmailAddress: "ada@school.test" }];
  await client.createSuppressions("outbound", { Suppressions });
  await client.deleteSuppressions("outbound", { Suppressions });
  await place.settle();
  const change = {
    RecordType: "SubscriptionChange",
    MessageID: null,
    ServerID: 1,
    MessageStream: "outbound",
    Recipient: "ada@school.test",
    Origin: "Customer",
    Tag: null,
    Metadata: {},
  };
  assertSame(receiver, [
    { ...change, SuppressSending: true, SuppressionReason: "ManualSuppression" },
    { ...change, SuppressSending: false, SuppressionReason: null },
  ]);
});

const moments = ["DeliveredAt", "ReceivedAt", "BouncedAt", "ChangedAt"];

/** Exactly these, in any order, but for what is different each time: that must only look right. */
function assertSame({ received }: Receiver, expected: Payload[]): void {
  assert.deepEqual(received.map(({ body }) => steady(body)).sort(byKey), expected.sort(byKey));
}

type Payload = Record<string, unknown>;

function steady({ ID, Content, UserAgent, ...body }: Payload): Payload {
  if (ID !== undefined) assert.ok(Number.isSafeInteger(ID) && Number(ID) > 0);
  if (UserAgent !== undefined) assert.match(String(UserAgent), /^Mozilla/);
  if (Content !== undefined) assert.match(String(Content), /Undelivered/);
  const times = moments.filter((name) => name in body);
  assert.equal(times.length, 1);
  assert.match(String(body[times[0] ?? ""]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  const rest = Object.entries(body).filter(([name]) => name !== times[0]);
  return { ...Object.fromEntries(rest), ...(Content === undefined ? {} : { Content: "" }) };
}

function byKey(a: Payload, b: Payload): number {
  const keyOf = ({ MessageID, RecordType, SuppressSending }: Payload) =>
    `${MessageID} ${RecordType} ${SuppressSending}`;
  return keyOf(a).localeCompare(keyOf(b));
}
