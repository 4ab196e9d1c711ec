import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Answer, openSchool, type School } from "../graphql/school.ts";

export type Community = School & {
  /** Owner of the community, member of no group. */
  head: string;
  /** Member of the school's class with this role. */
  member(name: string, role: string): Promise<string>;
  one<Row>(sql: string, values?: unknown[]): Promise<Row>;
  /** Calls a mutation and gives its result; a refusal fails the test. */
  // biome-ignore lint/suspicious/noExplicitAny: the answers of GraphQL are what the tests look into
  call(person: string | undefined, mutation: string, input: object, fields?: string): Promise<any>;
  /** The code and the field of the refusal of a mutation, after which nothing has changed. */
  refusal(person: string | undefined, mutation: string, input: object): Promise<[unknown, unknown]>;
};

/** The school of test/graphql, with an owner of the community and short ways to call mutations. */
export async function openCommunity(): Promise<Community> {
  const school = await openSchool();
  const { pool } = school.world;
  const one = async <Row>(sql: string, values: unknown[] = []) =>
    (await pool.query(sql, values)).rows[0] as Row;
  const { id: head } = await one<{ id: string }>(
    "insert into app.people (name, community_role) values ('Head', 'owner') returning id",
  );
  const ask = (person: string | undefined, mutation: string, input: object, fields: string) =>
    school.as(person)(documentOf(mutation, fields), { input });
  const traces = async () => JSON.stringify(await one(everything));
  return Object.assign(school, {
    head,
    one,
    async member(name: string, role: string) {
      const { id } = await one<{ id: string }>("insert into app.people (name) values ($1) returning id", [
        name,
      ]);
      await pool.query("insert into app.memberships (group_id, person_id, role) values ($1, $2, $3)", [
        school.classId,
        id,
        role,
      ]);
      return id;
    },
    async call(person: string | undefined, mutation: string, input: object, fields = "{ id }") {
      const answer: Answer = await ask(person, mutation, input, fields);
      assert.deepEqual(answer.errors, [], answer.text);
      return answer.data[mutation].result;
    },
    async refusal(person: string | undefined, mutation: string, input: object): Promise<[unknown, unknown]> {
      const before = await traces();
      const { errors, text } = await ask(person, mutation, input, fieldsOf(mutation));
      assert.equal(errors.length, 1, text);
      assert.equal(await traces(), before, `${mutation} changed something`);
      return [errors[0]?.extensions.code, errors[0]?.extensions.field];
    },
  });
}

export const uuid = randomUUID;

const everything = `
  select (select jsonb_agg(p order by id) from app.people p) as people,
         (select jsonb_agg(g order by id) from app.groups g) as groups,
         (select jsonb_agg(m order by id) from app.memberships m) as memberships,
         (select jsonb_agg(g order by id) from app.guardianships g) as guardianships,
         (select jsonb_agg(i order by id) from app.invitations i) as invitations,
         (select jsonb_agg(l order by id) from app.invitation_links l) as links,
         (select jsonb_agg(r order by id) from app.membership_requests r) as requests,
         (select jsonb_agg(c) from app.community c) as community,
         (select count(*) from mail.letters) as letters`;

const scalars = ["revokeOtherSessions", "askToJoin", "addEmailAddress"];

function fieldsOf(mutation: string): string {
  if (scalars.includes(mutation)) return "";
  if (mutation === "inviteMany") return "{ outcome }";
  if (mutation === "updateCommunity") return "{ name }";
  return ["acceptInvitation", "joinGroup"].includes(mutation) ? "{ status }" : "{ id }";
}

function documentOf(mutation: string, fields: string): string {
  const input = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input!`;
  return `mutation Call($input: ${input}) { ${mutation}(input: $input) { result ${fields} } }`;
}
