import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { connect } from "./live.ts";
import { bearer } from "./school.ts";
import { type Operation, openTour, operationsIn, type Tour } from "./tour-support.ts";

type Person = keyof Tour["people"];

/** Who does it, what has to happen first, and what of the answer the later ones need. */
type Step = {
  as?: Person;
  first?: (tour: Tour) => unknown;
  // biome-ignore lint/suspicious/noExplicitAny: answers are as different as the operations
  keep?: (data: any) => Record<string, unknown>;
};

const steps: Record<string, Step> = {
  Devices: { as: "owner" },
  ForgetDevice: { as: "owner" },
  Students: { as: "tutor" },
  Found: { as: "tutor" },
  MyGroups: { as: "sam" },
  LinkGuardian: { as: "owner" },
  InviteByMail: { as: "tutor" },
  InviteByList: { as: "tutor" },
  InviteByLink: { as: "tutor", keep: (data) => ({ token: data.createInvitationLink.result.token }) },
  LookAtLink: {},
  ComeByLink: { as: "stranger" },
  OpenRoom: { as: "tutor" },
  MyRooms: { as: "sam" },
  Say: {
    as: "tutor",
    keep: ({ sendMessage: { result } }) => ({ messageId: result.id, seq: result.seq }),
  },
  Reply: { as: "sam" },
  React: { as: "sam" },
  History: { as: "sam" },
  Read: { as: "sam" },
  Search: { as: "sam" },
  Direct: { as: "tutor", first: ({ known, people }) => Object.assign(known, { personId: people.owner }) },
  Report: { as: "sam" },
  Moderate: { as: "tutor", first: ({ known, people }) => Object.assign(known, { personId: people.sam }) },
  Invite: { as: "tutor", keep: (data) => ({ eventId: data.createEvent.result.id }) },
  Coming: { as: "sam" },
  Answer: { as: "sam" },
  Progress: { as: "tutor" },
  CallOff: { as: "tutor" },
  Assign: { as: "tutor", keep: (data) => ({ assignmentId: data.createAssignment.result.id }) },
  Grade: { as: "tutor" },
  WhoWouldGetWhat: { as: "tutor" },
  Release: { as: "tutor", keep: (data) => ({ releaseId: data.releaseGrades.result.id }) },
  MyGrades: { as: "sam" },
  Undo: { as: "tutor" },
  Draft: { as: "owner", keep: (data) => ({ campaignId: data.createCampaign.result.id }) },
  Preview: { as: "owner" },
  Test: { as: "owner" },
  Send: { as: "owner" },
  PauseAndResume: { as: "owner" },
  Board: { as: "owner", first: sendLetters },
  Resend: { as: "owner" },
  LessMail: { as: "sam" },
  Preferences: { as: "sam" },
  Inbox: { as: "sam" },
  ReadAll: { as: "sam" },
  Announce: { as: "tutor" },
  Console: { as: "owner" },
  Operate: { as: "owner" },
  Live: { as: "owner", first: ({ known }) => Object.assign(known, { after: "0" }) },
};

const docs = path.resolve(import.meta.dirname, "../../docs/graphql.md");

let tour: Tour;
let operations: Operation[];
before(async () => {
  tour = await openTour();
  operations = operationsIn(await readFile(docs, "utf8"));
});
after(() => tour[Symbol.asyncDispose]());

test("every operation of docs/graphql.md has a step here, and each step its operation", () => {
  const names = operations.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, "a name stands there twice");
  assert.deepEqual(names.toSorted(), Object.keys(steps).toSorted());
});

test("the operations of docs/graphql.md work as they stand, one after the other", async (t) => {
  for (const operation of operations)
    await t.test(operation.name, async () => {
      const { as: person, first, keep } = steps[operation.name] ?? {};
      await first?.(tour);
      const data = await run(operation, person && tour.people[person]);
      for (const [field, answer] of Object.entries(data)) {
        assert.notEqual(answer, null, field);
        assert.notEqual((answer as { result?: unknown }).result, null, field);
      }
      Object.assign(tour.known, keep?.(data));
    });
});

async function run(operation: Operation, person: string | undefined): Promise<Record<string, unknown>> {
  const { kind, name: operationName, text: query } = operation;
  const request = { query, operationName, variables: tour.variablesOf(operation) };
  if (kind === "subscription") return firstOf(request, person);
  const token = person ? await bearer(person, tour.world.jwtSecret) : {};
  const { data, errors } = await tour.post(JSON.stringify(request), token);
  assert.deepEqual(errors, []);
  return data;
}

async function firstOf(
  request: { query: string; operationName: string; variables: Record<string, unknown> },
  person: string | undefined,
): Promise<Record<string, unknown>> {
  const client = await connect(tour, person);
  for await (const { data, errors } of client.iterate(request)) {
    assert.equal(errors, undefined);
    await client.dispose();
    return data ?? {};
  }
  throw new Error("Nothing was heard");
}

/** What the jobs of a campaign would do. */
async function sendLetters({ known, world }: Tour): Promise<void> {
  const { campaignId } = known;
  await world.pool.query("select campaigns.prepare($1)", [campaignId]);
  await world.pool.query(
    `select campaigns.send_chunk(c.id, r.chunk, c.round)
     from campaigns.campaigns c
     join (select distinct campaign_id, chunk from campaigns.campaign_recipients) r on r.campaign_id = c.id
     where c.id = $1`,
    [campaignId],
  );
  await world.pool.query(
    "select campaigns.finish(c.id, c.round) from campaigns.campaigns c where c.id = $1",
    [campaignId],
  );
}
