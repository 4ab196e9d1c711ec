import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { onTelemetry } from "#telemetry.ts";
import { openSchool, type School } from "../graphql/school.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are as different as the queries
type Any = any;

export type Chat = School & {
  /** The one value of a statement. */
  value(text: string, ...values: unknown[]): Promise<Any>;
  /** A person, in the class if a role is given. */
  enrol(name: string, role?: string): Promise<string>;
  /** Calls a mutation that returns `result`; an error fails the test. */
  act(person: string | undefined, mutation: string, input: object, fields?: string): Promise<Any>;
  /** Asks a query; an error fails the test. */
  ask(person: string, query: string, variables?: object): Promise<Any>;
  /** Calls a mutation that is refused: `code` or `code field`; nothing of the chat may have changed. */
  refused(person: string | undefined, mutation: string, input: object, expected: string): Promise<void>;
  /** Says something and returns the message's id and seq. */
  say(person: string, roomId: string, body: string, more?: object): Promise<{ id: string; seq: string }>;
  /** A room of the class, made by its owner. */
  makeRoom(kind: string, name?: string): Promise<string>;
};

/** The class of openSchool, with short words for what chat tests do. */
export async function openChat(): Promise<Chat> {
  const school = await openSchool();
  return { ...school, ...chatOf(school) };
}

export function chatOf(school: School): Omit<Chat, keyof School> {
  onTelemetry((event, payload) => {
    if (event === "graphql:error") console.error(payload);
  });
  const value: Chat["value"] = async (text, ...values) =>
    Object.values((await school.world.pool.query(text, values)).rows[0] ?? {})[0];
  const call = (person: string | undefined, mutation: string, input: object, fields: string) => {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
    return school.as(person)(
      `mutation ($input: ${type}!) { ${mutation}(input: $input) { result { ${fields} } } }`,
      { input },
    );
  };
  const act: Chat["act"] = async (person, mutation, input, fields = "id") => {
    const { data, errors } = await call(person, mutation, input, fields);
    assert.deepEqual(errors, [], mutation);
    return data[mutation].result;
  };
  return {
    value,
    act,
    async enrol(name, role) {
      const id = await value("insert into app.people (name) values ($1) returning id", name);
      const join = "insert into app.memberships (group_id, person_id, role) values ($1, $2, $3)";
      if (role) await value(join, school.classId, id, role);
      return id;
    },
    async ask(person, query, variables) {
      const { data, errors } = await school.as(person)(query, variables);
      assert.deepEqual(errors, [], query);
      return data;
    },
    async refused(person, mutation, input, expected) {
      const earlier = await value(digest);
      const { errors } = await call(person, mutation, input, "__typename");
      const { code, field } = errors[0]?.extensions ?? {};
      const found = [code, field].filter(Boolean).join(" ");
      assert.equal(
        found,
        expected,
        `${mutation} ${JSON.stringify(input).slice(0, 200)}: ${errors[0]?.message}`,
      );
      assert.equal(await value(digest), earlier, `${mutation} changed something`);
    },
    say: (person, roomId, body, more = {}) =>
      act(person, "sendMessage", { roomId, body, clientId: randomUUID(), ...more }, "id seq"),
    async makeRoom(kind, name = `A room that is ${kind}`) {
      const input = { groupId: school.classId, name, kind, clientId: randomUUID() };
      return (await act(school.people.owner, "createRoom", input)).id;
    },
  };
}

const tables = [
  "rooms",
  "room_members",
  "messages",
  "mentions",
  "message_versions",
  "reactions",
  "pins",
  "bans",
  "moderation",
];

/** Changes with any row of the chat, and with any live message. */
const digest = `select md5(concat(
  ${tables.map((table) => `(select string_agg(md5(t::text), '' order by t::text) from chat.${table} t)`).join(",\n  ")},
  (select count(*) from realtime.messages)))`;
