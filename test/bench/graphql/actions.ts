/** What is asked of every server: the GraphQL operation, and the statement that a hand-written server runs for it. */
export type Action = {
  title: string;
  query: string;
  sql: string;
  /** Of the target's ids, the variables of the operation, in the order of the statement's parameters. */
  variables(ids: Ids): Record<string, unknown>;
  /** What a whole answer holds, and how often. */
  proof: [text: string, times: number];
};

export type Ids = { message: string; room: string; clientId: string };

export type ActionName = keyof typeof actions;

export const actions = {
  row: {
    title: "one row by id",
    query: "query ($id: UUID!) { message(id: $id) { id seq body createdAt senderId roomId } }",
    sql: "select id, seq, body, created_at, sender_id, room_id from chat.messages where id = $1",
    variables: ({ message }) => ({ id: message }),
    proof: ['"message ', 1],
  },
  list: {
    title: "a list of 50 messages, each with its sender and three reactions with their people",
    query: `query ($room: UUID!) {
      messages(filter: { roomId: { equalTo: $room } }, last: 50, orderBy: SEQ_ASC) {
        nodes {
          id seq body createdAt
          sender { id name }
          reactions(first: 3) { nodes { emoji person { id name } } }
        }
      }
    }`,
    sql: `select m.id, m.seq, m.body, m.created_at, p.id as sender_id, p.name as sender, (
        select json_agg(json_build_object('emoji', r.emoji, 'id', r.id, 'name', r.name))
        from (
          select r.emoji, q.id, q.name from chat.reactions r join app.people q on q.id = r.person_id
          where r.message_id = m.id order by r.id limit 3
        ) r
      ) as reactions
      from (select * from chat.messages where room_id = $1 order by seq desc limit 50) m
      left join app.people p on p.id = m.sender_id
      order by m.seq`,
    variables: ({ room }) => ({ room }),
    proof: ["👍", 150],
  },
  mutation: {
    title: "a mutation (sendMessage)",
    query: `mutation ($roomId: UUID!, $body: String!, $clientId: UUID!) {
      sendMessage(input: { roomId: $roomId, body: $body, clientId: $clientId }) { result { id seq body createdAt } }
    }`,
    sql: "select id, seq, body, created_at from chat.send_message($1, $2, $3)",
    variables: ({ room, clientId }) => ({ roomId: room, body: "Is anybody there?", clientId }),
    proof: ['"Is anybody there?"', 1],
  },
} satisfies Record<string, Action>;
