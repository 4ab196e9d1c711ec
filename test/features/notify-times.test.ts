import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openWorld, type World } from "../support/world.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world[Symbol.asyncDispose]());

const everyDay = [1, 2, 3, 4, 5, 6, 7];

/** When a mail of that moment goes out, on the clock of Berlin with its distance from UTC. */
async function afterQuiet(moment: string, from: string, to: string, days = everyDay, zone = "Europe/Berlin") {
  const { rows } = await world.pool.query(
    "select notify.after_quiet($1, $2, row(null, $3::time, $4::time, $5::int[], now())::notify.quiet_times) as at",
    [moment, zone, from, to, days],
  );
  return (rows[0].at as Date).toISOString().replace(":00.000Z", "Z");
}

async function nextDigest(
  moment: string,
  hour: number,
  weekday: number | null = null,
  zone = "Europe/Berlin",
) {
  const { rows } = await world.pool.query("select notify.next_digest($1, $2, $3, $4) as at", [
    moment,
    zone,
    hour,
    weekday,
  ]);
  return (rows[0].at as Date).toISOString().replace(":00.000Z", "Z");
}

const quiet: [string, string, string, string, string, number[]?][] = [
  ["outside", "2026-06-10T12:00Z", "22:00", "07:00", "2026-06-10T12:00Z"],
  ["in the evening", "2026-06-10T21:00Z", "22:00", "07:00", "2026-06-11T05:00Z"],
  ["after midnight", "2026-06-11T01:00Z", "22:00", "07:00", "2026-06-11T05:00Z"],
  ["at the very beginning", "2026-06-10T20:00Z", "22:00", "07:00", "2026-06-11T05:00Z"],
  ["at the very end", "2026-06-11T05:00Z", "22:00", "07:00", "2026-06-11T05:00Z"],
  ["within one day", "2026-06-10T11:30Z", "13:00", "15:00", "2026-06-10T13:00Z"],
  ["on another weekday (a Wednesday)", "2026-06-10T21:00Z", "22:00", "07:00", "2026-06-10T21:00Z", [6, 7]],
  ["after midnight, begun on a Sunday", "2026-06-15T01:00Z", "22:00", "07:00", "2026-06-15T05:00Z", [7]],
  [
    "after midnight, a Sunday not begun the day before",
    "2026-06-14T01:00Z",
    "22:00",
    "07:00",
    "2026-06-14T01:00Z",
    [7],
  ],
  ["the night the clocks go forward", "2026-03-28T22:00Z", "22:00", "07:00", "2026-03-29T05:00Z"],
  ["the night the clocks go back", "2026-10-24T21:00Z", "22:00", "07:00", "2026-10-25T06:00Z"],
  ["the morning after the clocks went back", "2026-10-25T05:30Z", "22:00", "07:00", "2026-10-25T06:00Z"],
  ["an end that the clocks leave out", "2026-03-29T00:00Z", "22:00", "02:30", "2026-03-29T01:00Z"],
  ["an end that comes twice", "2026-10-25T00:45Z", "22:00", "02:30", "2026-10-25T01:30Z"],
  ["a beginning that comes twice", "2026-10-25T00:45Z", "02:30", "05:00", "2026-10-25T04:00Z"],
  ["a beginning that the clocks leave out", "2026-03-29T01:10Z", "02:30", "05:00", "2026-03-29T03:00Z"],
];
for (const [what, moment, from, to, expected, days] of quiet)
  test(`quiet hours, ${what}`, async () => {
    assert.equal(await afterQuiet(moment, from, to, days), expected);
  });

test("quiet hours on the other side of the world, and where clocks move by half an hour", async () => {
  assert.equal(
    await afterQuiet("2026-06-10T16:00Z", "22:00", "07:00", everyDay, "Asia/Jakarta"),
    "2026-06-11T00:00Z",
  );
  assert.equal(
    await afterQuiet("2026-10-03T12:00Z", "22:00", "07:00", everyDay, "Australia/Lord_Howe"),
    "2026-10-03T20:00Z",
  );
});

test("digests come at the person's own hour, the weekly ones on their weekday, whatever the clocks do", async () => {
  assert.equal(await nextDigest("2026-06-10T12:00Z", 7), "2026-06-11T05:00Z");
  assert.equal(await nextDigest("2026-06-11T04:59Z", 7), "2026-06-11T05:00Z");
  assert.equal(await nextDigest("2026-06-11T05:00Z", 7), "2026-06-12T05:00Z");
  assert.equal(await nextDigest("2026-06-10T12:00Z", 7, 1), "2026-06-15T05:00Z");
  assert.equal(await nextDigest("2026-06-15T05:00Z", 7, 1), "2026-06-22T05:00Z");
  assert.equal(await nextDigest("2026-03-28T12:00Z", 7), "2026-03-29T05:00Z");
  assert.equal(await nextDigest("2026-10-24T12:00Z", 7), "2026-10-25T06:00Z");
  assert.equal(await nextDigest("2026-03-28T12:00Z", 2), "2026-03-29T01:00Z");
  assert.equal(await nextDigest("2026-10-25T00:30Z", 2), "2026-10-25T01:00Z");
});
