import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Answer, School } from "../graphql/school.ts";

export type Asker = (query: string, variables?: object) => Promise<Answer>;

/** People of the class with an address, `<name>@school.example`; their ids. */
export async function join(school: School, names: string[], role = "parent"): Promise<string[]> {
  const { rows } = await school.world.pool.query<{ id: string }>(
    `with people as (
       select n.name, n.n, (app.find_or_create_person(replace(lower(n.name), ' ', '.') || '@school.example', n.name)).id
       from unnest($1::text[]) with ordinality n (name, n)
     ),
     joined as (insert into app.memberships (group_id, person_id, role) select $2, p.id, $3 from people p)
     select p.id from people p order by p.n`,
    [names, school.classId, role],
  );
  return rows.map(({ id }) => id);
}

export const names = (count: number) =>
  Array.from({ length: count }, (_, n) => `Parent ${String(n).padStart(4, "0")}`);

export async function draft(asker: Asker, groupId: string | null, extra: object = {}): Promise<string> {
  const { data, errors } = await create(asker, groupId, extra);
  assert.deepEqual(errors, []);
  return data.createCampaign.result.id;
}

export function create(asker: Asker, groupId: string | null, extra: object = {}): Promise<Answer> {
  const input = {
    groupId,
    name: "Roof",
    subject: "The roof, #name",
    body: "Dear #name,\n\nthank you.",
    audienceRoles: ["parent"],
    clientId: randomUUID(),
    ...extra,
  };
  return asker(createCampaign, { input });
}

/** Calls one of the mutations that take a campaign and answer it. */
export async function act(
  asker: Asker,
  verb: "send" | "pause" | "resume" | "cancel",
  campaignId: string,
): Promise<Answer> {
  return asker(
    `mutation ($campaignId: UUID!) { act: ${verb}Campaign(input: { campaignId: $campaignId }) { result { id state } } }`,
    { campaignId },
  );
}

export async function sendNow(school: School, asker: Asker, campaignId: string): Promise<void> {
  assert.deepEqual((await act(asker, "send", campaignId)).errors, []);
  await school.world.pool.query("select campaigns.prepare($1)", [campaignId]);
}

type CampaignJob = { queue: string; chunk: number; round: number; seconds: number };

/** The jobs that hand over letters of a campaign, with the seconds from its freezing until they are due. */
export async function jobsOf({ world }: School, campaignId: string): Promise<CampaignJob[]> {
  const { rows } = await world.pool.query<CampaignJob>(
    `select queue, (payload::json -> 'data' ->> 'chunk')::int as chunk,
       (payload::json -> 'data' ->> 'round')::int as round, round(available_at - extract(epoch from c.prepared_at))::int as seconds
     from queue.jobs
     join campaigns.campaigns c on c.id = $1::uuid
     where payload::json ->> 'job' = 'campaigns/send' and payload::json -> 'data' ->> 'campaignId' = $1::text
     order by round, chunk`,
    [campaignId],
  );
  return rows;
}

/** Does what the waiting jobs of the campaign would do. */
export async function work(
  school: School,
  campaignId: string,
  howMany = Number.POSITIVE_INFINITY,
): Promise<void> {
  const jobs = await jobsOf(school, campaignId);
  for (const { chunk, round } of jobs.slice(0, howMany))
    await school.world.pool.query("select campaigns.send_chunk($1, $2, $3)", [campaignId, chunk, round]);
}

export async function finish({ world }: School, campaignId: string): Promise<void> {
  await world.pool.query(
    "select campaigns.finish(c.id, c.round) from campaigns.campaigns c where c.id = $1",
    [campaignId],
  );
}

export async function letterStates({ world }: School): Promise<Record<string, number>> {
  const { rows } = await world.pool.query(
    "select coalesce(jsonb_object_agg(s.state, s.n), '{}') as states from (select state, count(*) as n from mail.letters group by 1) s",
  );
  return rows[0].states;
}

/** As if the mail service had taken the letter and told of it. */
export async function tell({ world }: School, address: string, ...kinds: string[]): Promise<void> {
  await world.pool.query(
    `update mail.letters set state = 'sending', attempt = 1, batch_id = gen_random_uuid(), claimed_by = 'test',
       lease_until = now() + interval '1 minute', last_tx_at = now()
     where recipient = $1 and state = 'queued'`,
    [address],
  );
  await world.pool.query(
    `select mail.record(jsonb_agg(jsonb_build_object(
       'id', l.id, 'attempt', 1, 'kind', 'accepted', 'messageId', gen_random_uuid())))
     from mail.letters l where l.recipient = $1 and l.state = 'sending'`,
    [address],
  );
  await world.pool.query(
    `insert into mail.delivery_events (letter_id, kind, at, provider_key)
     select l.id, k.kind, now(), k.kind || ':' || l.id from mail.letters l, unnest($2::text[]) k (kind)
     where l.recipient = $1 and l.state = 'accepted'`,
    [address, kinds],
  );
}

export async function recipientsIn(
  asker: Asker,
  campaignId: string,
  state: string | null,
): Promise<string[]> {
  const { data, errors } = await asker(campaignRecipients, { campaignId, state });
  assert.deepEqual(errors, []);
  return data.campaignRecipients.nodes.map(({ person }: { person: { name: string } }) => person.name);
}

/** The code and field of a refusal. */
export function refusalOf({ errors }: Answer): unknown[] {
  return [errors[0]?.extensions.code, errors[0]?.extensions.field];
}

export const createCampaign = `mutation ($input: CreateCampaignInput!) {
  createCampaign(input: $input) { result { id state name subject mergeTags { nodes { name type defaultValue } } } }
}`;

export const updateCampaign = `mutation ($input: UpdateCampaignInput!) {
  updateCampaign(input: $input) { result { id subject body mergeTags(orderBy: NAME_ASC) { nodes { name type defaultValue } } } }
}`;

export const setMergeValues = `mutation ($input: SetMergeValuesInput!) {
  setMergeValues(input: $input) { result { id } }
}`;

export const testCampaign = `mutation ($input: TestCampaignInput!) { testCampaign(input: $input) { result { id } } }`;

export const resendCampaign = `mutation ($input: ResendCampaignInput!) {
  resendCampaign(input: $input) { result { id state follows { id } } }
}`;

export const setPledges = `mutation ($input: SetPledgesInput!) {
  setPledges(input: $input) { result { id amount currency paidAmount balance person { name } } }
}`;

export const recordPayment = `mutation ($input: RecordPaymentInput!) {
  recordPayment(input: $input) { result { id amount pledge { paidAmount balance } } }
}`;

export const previewCampaign = `query ($campaignId: UUID!, $personId: UUID) {
  previewCampaign(campaignId: $campaignId, personId: $personId) {
    nodes { sample name subject html text skippedBecause missingTags }
  }
}`;

export const campaignForecast = `query ($campaignId: UUID!) {
  campaignForecast(campaignId: $campaignId) { audience recipients skipped inChunks minutes }
}`;

export const campaignBoard = `query ($campaignId: UUID!) {
  campaignBoard(campaignId: $campaignId) {
    audience queued suppressed suppressedBecause accepted delivered bounced complained opened clicked unsubscribed
    undecided cancelled failed notReceived notSeen
  }
}`;

export const campaignRecipients = `query ($campaignId: UUID!, $state: String) {
  campaignRecipients(campaignId: $campaignId, state: $state) {
    totalCount nodes { state reason outcome missingTags person { name } }
  }
}`;
