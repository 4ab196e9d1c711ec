import { randomUUID } from "node:crypto";
import { type OperationDefinitionNode, parse } from "postgraphile/graphql";
import { openSchool, type School } from "./school.ts";

export type Operation = {
  name: string;
  text: string;
  kind: OperationDefinitionNode["operation"];
  variables: Record<string, unknown>;
};

/** The operations of a document in their order, each with its whole block and the variables that the document gives for it. */
export function operationsIn(markdown: string): Operation[] {
  const blocks = markdown.matchAll(/^```graphql\n(.*?)^```\n(?:\n```json\n(.*?)^```\n)?/gms);
  return [...blocks].flatMap(([, text = "", json = "{}"]) =>
    parse(text).definitions.map((definition) => {
      const { name, operation, variableDefinitions = [] } = definition as OperationDefinitionNode;
      const names = variableDefinitions.map(({ variable }) => variable.name.value);
      const given: Record<string, unknown> = JSON.parse(json);
      const variables = Object.fromEntries(names.map((each) => [each, given[each]]));
      return { name: name?.value ?? "", text, kind: operation, variables };
    }),
  );
}

export type Tour = School & {
  /** Values of the variables by name. */
  known: Record<string, unknown>;
  /** Values for the variables of an operation: the document's, else the known ones. */
  variablesOf(operation: Operation): Record<string, unknown>;
};

/** The school with Ada as owner of the community, a parent in the class, and Ada's session. */
export async function openTour(): Promise<Tour> {
  const school = await openSchool();
  const { pool } = school.world;
  const { owner, sam } = school.people;
  await pool.query("update app.people set community_role = 'owner' where id = $1", [owner]);
  const { rows } = await pool.query<{ parent: string; session: string }>(
    `with parent as (select id from app.find_or_create_person('mother@home.example', 'Mother')),
     joined as (insert into app.memberships (group_id, person_id, role) select $1, id, 'parent' from parent),
     session as (
       insert into app.sessions (person_id, token_hash, user_agent, expires_at)
       values ($2, 'token', 'A browser', now() + interval '1 day') returning id
     )
     select parent.id as parent, session.id as session from parent, session`,
    [school.classId, owner],
  );
  const known: Record<string, unknown> = {
    groupId: school.classId,
    roomId: school.roomId,
    name: `room:${school.roomId}`,
    after: null,
    guardianId: rows[0]?.parent,
    sessionId: rows[0]?.session,
    personId: sam,
    childId: sam,
    startsAt: inDays(7),
    until: inDays(1),
    before: inDays(0),
  };
  return Object.assign(school, {
    known,
    variablesOf: ({ variables }: Operation) => {
      const all: Record<string, unknown> = { ...known, clientId: randomUUID() };
      return Object.fromEntries(Object.entries(variables).map(([name, given]) => [name, given ?? all[name]]));
    },
  });
}

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}
