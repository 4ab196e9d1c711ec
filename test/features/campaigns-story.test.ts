import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RealtimeClient } from "@supabase/realtime-js";
import { receivedAt } from "../support/mailbox.ts";
import { type Howdah, startHowdah } from "../support/process.ts";
import { openClass } from "../support/school.ts";
import { lettersTo, type Visitor, visit } from "../support/visitor.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let howdah: Howdah;
let teacher: Visitor;
let student: Visitor;
let groupId: string;

before(async () => {
  world = await openWorld();
  howdah = await startHowdah({ env: { DATABASE_URL: world.databaseUrl, JWT_SECRET: world.jwtSecret } });
  teacher = await visit(howdah.url, await openClass(world.pool, "Biology", "wulan@school.example", "Wulan"));
  const { rows } = await world.pool.query("select id from app.groups");
  groupId = rows[0].id;
  await world.pool.query(
    `with people as (
       select (app.find_or_create_person(n || '@school.example', 'Person ' || n)).id, n from generate_series(1, 120) n
     ), joined as (
       insert into app.memberships (group_id, person_id, role)
       select $1, p.id, case when p.n <= 2 then 'student' else 'parent' end from people p
     )
     insert into app.guardianships (guardian_id, child_id)
     select g.id, c.id from people g, people c where g.n = 3 and c.n = 1`,
    [groupId],
  );
  const { rows: tokens } = await world.pool.query(
    "select app.create_sign_in_link('1@school.example'::text) as token",
  );
  student = await visit(howdah.url, tokens[0].token);
});

after(async () => {
  await howdah.stop();
  await world[Symbol.asyncDispose]();
});

test("a campaign to 118 goes out in chunks, each gets one letter with their own values, and progress is heard by staff only", async () => {
  const created = await teacher.graphql(
    `mutation ($groupId: UUID!, $clientId: UUID!) {
      createCampaign(input: {
        groupId: $groupId, clientId: $clientId, name: "Roof", audienceRoles: ["parent"],
        subject: "The roof & #name", body: "Dear #name,\\n\\nsee https://roof.example/#plan."
      }) { result { id } }
    }`,
    { groupId, clientId: crypto.randomUUID() },
  );
  const campaignId = created.createCampaign.result.id;
  await world.pool.query("update campaigns.campaign_settings set letters_per_minute = 12000");
  const heard: { state: string; waiting: number; enqueued: number }[] = [];
  await using channel = await listen(teacher, `campaign:${campaignId}`, (payload) => heard.push(payload));
  assert.ok(channel);
  await assert.rejects(
    listen(student, `campaign:${campaignId}`, () => {}),
    /Unauthorized/,
  );
  const began = performance.now();
  await teacher.graphql(
    `mutation { sendCampaign(input: { campaignId: "${campaignId}" }) { result { state } } }`,
  );
  await until(() => heard.some(({ state, enqueued }) => state === "sent" && enqueued === 118), 40_000);
  const seconds = (performance.now() - began) / 1000;
  assert.ok(heard.length <= seconds * 2 + 4, `${heard.length} words in ${seconds} s`);
  const accepted = () =>
    teacher
      .graphql(`{ campaignBoard(campaignId: "${campaignId}") { audience accepted queued } }`)
      .then(({ campaignBoard }) => campaignBoard.accepted);
  await until(async () => (await accepted()) === 118, 40_000);
  const letters = (await receivedAt(howdah.mailboxUrl)).filter(({ tag }) => tag === "campaign");
  assert.equal(letters.length, 118);
  assert.equal(new Set(letters.map(({ recipients }) => recipients[0])).size, 118);
  const mine = letters.find(({ recipients }) => recipients[0] === "7@school.example");
  const { subject, htmlBody: html, textBody: text } = mine ?? {};
  assert.equal(subject, "The roof & Person 7");
  assert.match(text ?? "", /Dear Person 7,\n\nsee https:\/\/roof\.example\/#plan\./);
  assert.match(
    html ?? "",
    /<p>Dear Person 7,<\/p><p>see <a class="link" href="https:\/\/roof\.example\/#plan">/,
  );
  assert.match(html ?? "", /#b4532a/, "the community's colour");
  assert.match(html ?? "", /you belong to Biology/);
});

test("two assignments released at once are one letter to each student, and one to the guardian that names the child", async () => {
  const assignments: string[] = [];
  for (const title of ["Essay", "Quiz"]) {
    const { createAssignment } = await teacher.graphql(
      `mutation ($groupId: UUID!, $title: String!, $clientId: UUID!) {
        createAssignment(input: { groupId: $groupId, title: $title, clientId: $clientId }) { result { id } }
      }`,
      { groupId, title, clientId: crypto.randomUUID() },
    );
    assignments.push(createAssignment.result.id);
    await teacher.graphql(
      `mutation ($assignmentId: UUID!, $personId: UUID!) {
        setGrades(input: { assignmentId: $assignmentId, grades: [{ personId: $personId, points: 87.5 }] }) { result { id } }
      }`,
      { assignmentId: createAssignment.result.id, personId: student.person.id },
    );
  }
  await teacher.graphql(
    `mutation ($assignmentIds: [UUID!]!, $clientId: UUID!) {
      releaseGrades(input: { assignmentIds: $assignmentIds, clientId: $clientId, holdBackMinutes: 0 }) { result { id } }
    }`,
    { assignmentIds: assignments, clientId: crypto.randomUUID() },
  );
  const { grades } = await student.graphql("{ grades { nodes { points assignment { title } } } }");
  assert.deepEqual(
    grades.nodes.map((each: { points: number }) => each.points),
    [87.5, 87.5],
  );
  const about = async (n: number) =>
    (await lettersTo(howdah.url, `${n}@school.example`)).filter(({ Subject }) => /grades/.test(Subject));
  await until(async () => (await about(1)).length > 0 && (await about(3)).length > 0, 40_000);
  const [[toStudent, ...more], [toGuardian, ...others]] = [await about(1), await about(3)];
  assert.deepEqual([more, others], [[], []]);
  assert.match(toStudent?.TextBody ?? "", /Essay, Quiz/);
  assert.match(toGuardian?.Subject ?? "", /Person 1/);
  for (const letter of [toStudent, toGuardian]) assert.doesNotMatch(letter?.TextBody ?? "", /\b87\b/);
});

type Progress = { state: string; waiting: number; enqueued: number };

/** Listens on a private topic, until it is disposed of. */
async function listen({ accessToken }: Visitor, topic: string, hear: (payload: Progress) => void) {
  const { apikey } = (await (await fetch(`${howdah.url}/api/config`)).json()) as { apikey: string };
  const client = new RealtimeClient(`${howdah.url.replace("http", "ws")}/realtime/v1`, {
    params: { apikey },
    accessToken: async () => accessToken,
  });
  await client.setAuth();
  const channel = client.channel(topic, { config: { private: true } });
  channel.on("broadcast", { event: "progress" }, ({ payload }) => hear(payload as Progress));
  await new Promise<void>((resolve, reject) => {
    channel.subscribe((status, error) => {
      if (status === "SUBSCRIBED") resolve();
      else reject(error ?? new Error(status));
    });
  }).catch(async (error) => {
    await client.removeAllChannels();
    throw error;
  });
  return { [Symbol.asyncDispose]: async () => void (await client.removeAllChannels()) };
}
