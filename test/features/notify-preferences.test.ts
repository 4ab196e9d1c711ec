import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Campus, openCampus } from "./notify-support.ts";

let campus: Campus;
let head: string;
before(async () => {
  campus = await openCampus();
  head = await campus.value(
    "insert into app.people (name, community_role) values ('Head', 'owner') returning id",
  );
});
after(() => campus[Symbol.asyncDispose]());

const call = async (by: string | undefined, name: string, args: string, fields = "") => {
  const { data, errors } = await campus.as(by)(
    `mutation { ${name}(input: { ${args} }) { result ${fields} } }`,
  );
  return errors[0] ? [errors[0].extensions.code, errors[0].extensions.field] : data[name].result;
};

const preference = "{ category channel frequency source }";
const set = (by: string | undefined, args: string) => call(by, "setPreference", args, preference);

const mine = async (person: string, category: string) => {
  const { data } = await campus.as(person)(`{ myPreferences ${preference} }`);
  const { frequency, source } = data.myPreferences.find(
    (each: { category: string }) => each.category === category,
  );
  return [frequency, source];
};

test("what holds: one's own choice, the community's for the role, the community's, Howdah's", async () => {
  const eva = await campus.enrol("Eva", "student");
  const defaults = (args: string) =>
    call(head, "setDefaultPreference", `category: "event", channel: "mail", ${args}`, "{ frequency }");
  assert.deepEqual(await mine(eva, "event"), ["instant", "howdah"]);
  await defaults('frequency: "digest-weekly"');
  assert.deepEqual(await mine(eva, "event"), ["digest-weekly", "community"]);
  await defaults('frequency: "digest-daily", role: "student"');
  assert.deepEqual(await mine(eva, "event"), ["digest-daily", "role"]);
  assert.deepEqual(await mine(campus.people.tutor, "event"), ["digest-weekly", "community"]);
  assert.partialDeepStrictEqual(await set(eva, 'category: "event", channel: "mail", frequency: "off"'), {
    source: "person",
  });
  assert.deepEqual(await mine(eva, "event"), ["off", "person"]);
  assert.partialDeepStrictEqual(
    await call(eva, "resetPreference", 'category: "event", channel: "mail"', preference),
    {
      frequency: "digest-daily",
      source: "role",
    },
  );
  for (const role of ["student", "everybody"])
    assert.equal(
      await call(head, "resetDefaultPreference", `category: "event", channel: "mail", role: "${role}"`),
      true,
    );
  assert.deepEqual(await mine(eva, "event"), ["instant", "howdah"]);
});

test("security and account cannot be muted; a campaign can, and has no digest", async () => {
  const { sam } = campus.people;
  for (const category of ["security", "account"]) {
    assert.deepEqual(await set(sam, `category: "${category}", channel: "mail", frequency: "off"`), [
      "HW422",
      "category",
    ]);
    assert.deepEqual(await mine(sam, category), ["instant", "fixed"]);
  }
  assert.deepEqual(await set(sam, 'category: "campaign", channel: "mail", frequency: "digest-daily"'), [
    "HW422",
    "frequency",
  ]);
  assert.partialDeepStrictEqual(await set(sam, 'category: "campaign", channel: "mail", frequency: "off"'), {
    frequency: "off",
  });
});

test("wrong input is refused, and only who runs the community changes what everybody has", async () => {
  const { sam, owner } = campus.people;
  assert.deepEqual(await set(sam, 'category: "gossip", channel: "mail", frequency: "off"'), [
    "HW422",
    "category",
  ]);
  assert.deepEqual(await set(sam, 'category: "event", channel: "pigeon", frequency: "off"'), [
    "HW422",
    "channel",
  ]);
  assert.deepEqual(await set(sam, 'category: "event", channel: "mail", frequency: "hourly"'), [
    "HW422",
    "frequency",
  ]);
  assert.equal((await set(undefined, 'category: "event", channel: "mail", frequency: "off"'))[0], "HW401");
  const defaults = (by: string | undefined, role: string) =>
    call(
      by,
      "setDefaultPreference",
      `category: "grade", channel: "mail", frequency: "off", role: "${role}"`,
      "{ role }",
    );
  assert.equal((await defaults(undefined, "student"))[0], "HW401");
  assert.equal((await defaults(owner, "student"))[0], "HW403");
  assert.deepEqual(await defaults(head, "king"), ["HW422", "role"]);
  assert.equal(
    await campus.value("select count(*)::int from notify.preferences where category <> 'campaign'"),
    0,
  );
  assert.deepEqual(await defaults(head, "student"), { role: "student" });
  assert.equal(
    (await call(sam, "resetDefaultPreference", 'category: "grade", channel: "mail", role: "student"'))[0],
    "HW403",
  );
});

test("quiet hours and digest times: one's own, checked, and seen by oneself", async () => {
  const { sam, tutor } = campus.people;
  const quiet = (by: string | undefined, args: string) =>
    call(by, "setQuietHours", args, "{ startsAt endsAt days }");
  assert.deepEqual(await quiet(sam, 'from: "22:00", to: "07:00", days: [5, 1, 5]'), {
    startsAt: "22:00:00.000000",
    endsAt: "07:00:00.000000",
    days: [1, 5],
  });
  assert.deepEqual(await quiet(sam, 'from: "07:00", to: "07:00"'), ["HW422", "to"]);
  assert.deepEqual(await quiet(sam, 'from: "22:00", to: "07:00", days: []'), ["HW422", "days"]);
  assert.deepEqual(await quiet(sam, 'from: "22:00", to: "07:00", days: [0]'), ["HW422", "days"]);
  assert.deepEqual(await quiet(sam, 'from: "22:00", to: "07:00", days: [1, null]'), ["HW422", "days"]);
  assert.equal((await quiet(sam, 'from: "night", to: "07:00"'))[0], "HW422");
  assert.equal((await quiet(undefined, 'from: "22:00", to: "07:00"'))[0], "HW401");
  const seen = async (person: string) =>
    (await campus.as(person)("{ quietHours { startsAt days } digestTime { hour weekday } }")).data;
  const digest = (by: string | undefined, args: string) =>
    call(by, "setDigestTime", args, "{ hour weekday }");
  assert.deepEqual(await digest(sam, "hour: 18, weekday: 7"), { hour: 18, weekday: 7 });
  assert.deepEqual(await digest(sam, "hour: 24"), ["HW422", "hour"]);
  assert.deepEqual(await digest(sam, "hour: 7, weekday: 0"), ["HW422", "weekday"]);
  assert.equal((await digest(undefined, "hour: 7"))[0], "HW401");
  assert.deepEqual(await seen(sam), {
    quietHours: { startsAt: "22:00:00.000000", days: [1, 5] },
    digestTime: { hour: 18, weekday: 7 },
  });
  assert.deepEqual(await seen(tutor), { quietHours: null, digestTime: null });
  assert.equal(
    (await campus.as(sam)("mutation { clearQuietHours(input: {}) { result } }")).data.clearQuietHours.result,
    true,
  );
  assert.equal(
    (await campus.as(undefined)("mutation { clearQuietHours(input: {}) { result } }")).errors[0]?.extensions
      .code,
    "HW401",
  );
  assert.equal((await seen(sam)).quietHours, null);
});
