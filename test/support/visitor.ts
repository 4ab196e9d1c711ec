import assert from "node:assert/strict";

export type Visitor = { person: { id: string; name: string }; accessToken: string; graphql: Graphql };

// biome-ignore lint/suspicious/noExplicitAny: the answers of GraphQL are what the tests look into
type Graphql = (query: string, variables?: object) => Promise<any>;

/** Signs in with a single-use token through the public surface, as the page does. */
export async function visit(url: string, token: string): Promise<Visitor> {
  const response = await post(`${url}/auth/sign-in`, { token });
  assert.equal(response.status, 200);
  const { accessToken, person } = (await response.json()) as Visitor;
  return { person, accessToken, graphql: graphqlOf(url, accessToken) };
}

/** The room of the demo world's class; who is in it sees others besides. */
export async function classRoomOf({ graphql }: Visitor): Promise<{ id: string; classId: string }> {
  const { rooms } = await graphql("{ rooms { nodes { id name group { id } } } }");
  const room = rooms.nodes.find(({ name }: { name: string }) => name === "Biology 7B");
  return { id: room.id, classId: room.group.id };
}

/** Calls GraphQL and returns its data; a GraphQL error fails the test. */
export function graphqlOf(url: string, accessToken?: string): Graphql {
  return async (query, variables) => {
    const response = await post(`${url}/graphql`, { query, variables }, accessToken);
    const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown };
    assert.equal(errors, undefined, JSON.stringify(errors));
    return data;
  };
}

export function post(url: string, body: unknown, accessToken?: string): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(accessToken ? { authorization: `Bearer ${accessToken}` } : {}),
    },
    body: JSON.stringify(body),
  });
}

export type Letter = {
  MessageID: string;
  Subject: string;
  Recipients: string[];
  HtmlBody: string;
  TextBody: string;
};

/** The letters that the dev mailbox holds for an address. */
export async function lettersTo(url: string, address: string): Promise<Letter[]> {
  const headers = { accept: "application/json", "x-postmark-server-token": "sandbox-test" };
  const at = `${url}/mailbox/messages/outbound`;
  const found = await fetch(`${at}?count=50&offset=0&recipient=${encodeURIComponent(address)}`, { headers });
  const { Messages } = (await found.json()) as { Messages: Letter[] };
  return Promise.all(
    Messages.map(
      async ({ MessageID }) =>
        (await fetch(`${at}/${MessageID}/details`, { headers })).json() as Promise<Letter>,
    ),
  );
}
