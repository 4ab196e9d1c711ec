import type pg from "pg";

const chunk = 1000;

/** A campaign to so many people, a transaction for each thousand of them; it says what its template gives as an example. */
export async function enqueueCampaign(db: Pick<pg.ClientBase, "query">, letters: number): Promise<void> {
  for (let first = 0; first < letters; first += chunk)
    await db.query(
      `select count(*) from mail.enqueue_many((
        select jsonb_agg(jsonb_build_object(
          'template', 'campaign', 'category', 'campaign', 'stream', 'broadcast', 'priority', 200,
          'recipient', 'member-' || n || '@school.test', 'dedupeKey', gen_random_uuid(),
          'data', t.sample || jsonb_build_object('personName', 'Member ' || n)
        ))
        from generate_series($1::int + 1, least($1 + $2, $3)) n
        join mail.templates t on t.name = 'campaign' and t.locale = 'en'
      ))`,
      [first, chunk, letters],
    );
}

/** A sign-in link, as signing in writes it; its id, and when its transaction was committed. */
export async function enqueueLink(pool: pg.Pool, number: number): Promise<{ id: string; at: number }> {
  const { rows } = await pool.query<{ id: string }>(
    "select mail.enqueue('sign-in-link', $1, $2, gen_random_uuid()::text, priority => 10) as id",
    [`person-${number}@school.test`, { personName: "Ada", signInToken: crypto.randomUUID(), code: "123456" }],
  );
  return { id: rows[0]?.id as string, at: performance.timeOrigin + performance.now() };
}
