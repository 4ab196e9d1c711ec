import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { World } from "../support/world.ts";
import { type Change, openNotes, startWatching, Watcher } from "./changes.ts";
import { member, type RunningRelay, stranger, tokenOf } from "./relays.ts";

// Who is told what: row-level security, column privileges, replica identity.

let world: World;
let relay: RunningRelay;

before(async () => {
  world = await openNotes();
  relay = await startWatching(world);
  await world.pool.query(`
    create function public.me() returns uuid language sql stable
      as $$ select nullif(current_setting('request.jwt.claims')::jsonb ->> 'sub', '')::uuid $$;
    grant execute on function public.me() to public`);
});

beforeEach(async () => {
  await world.pool.query("drop table if exists public.friends, public.posts cascade");
  await world.pool.query(`
    create table public.posts (id int primary key, owner uuid, body text);
    alter table public.posts enable row level security;
    grant select on public.posts to anon, authenticated, service_role;
    alter publication supabase_realtime add table public.posts`);
});

after(async () => {
  await relay[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const posts = { event: "*", schema: "public", table: "posts" };

async function watch(sub?: string, binding: object = posts): Promise<Watcher> {
  return Watcher.of(world, relay, [binding], sub === undefined ? {} : { sub });
}

/** Writes a row that everybody who can be told is told of last, and returns what each was told before. */
async function toldTo(...watchers: Watcher[]): Promise<string[][]> {
  await world.pool.query("create policy test_last on public.posts for select using (id = 999)");
  await world.pool.query("insert into public.posts values (999)");
  const isLast = ({ data }: Change) => data.record?.id === 999;
  return Promise.all(
    watchers.map(async ({ changes }) => {
      await changes.next(isLast, "the last change");
      const others = changes.all.filter((change) => !isLast(change));
      return others.map(({ data }) => `${data.type} ${(data.record ?? data.old_record).id}`);
    }),
  );
}

test("each sees what the select policies let their claims see, deletes too", async () => {
  await world.pool.query(
    "create policy own on public.posts for select to authenticated using (owner = (select public.me()))",
  );
  using mine = await watch(member);
  using theirs = await watch(stranger);
  using nobody = await watch();
  await world.pool.query("insert into public.posts values (1, $1), (2, $2), (3, null)", [member, stranger]);
  await world.pool.query("update public.posts set body = 'x'");
  await world.pool.query("delete from public.posts");
  assert.deepEqual(await toldTo(mine, theirs, nobody), [
    ["INSERT 1", "UPDATE 1", "DELETE 1"],
    ["INSERT 2", "UPDATE 2", "DELETE 2"],
    [],
  ]);
});

test("permissive policies open, restrictive ones close, and those of other commands and roles do not count", async () => {
  await world.pool.query(`
    create policy a on public.posts for select using (id = 1);
    create policy b on public.posts for all to authenticated using (id in (2, 3));
    create policy c on public.posts as restrictive for select to authenticated using (id <> 3);
    create policy d on public.posts for update using (true);
    create policy e on public.posts for select to service_role using (true)`);
  using one = await watch(member);
  using anon = await watch();
  await world.pool.query("insert into public.posts select generate_series(1, 5)");
  assert.deepEqual(await toldTo(one, anon), [["INSERT 1", "INSERT 2"], ["INSERT 1"]]);
});

test("a row is judged as it was, not as it has become, and by its table's neighbours as they are", async () => {
  await world.pool.query(`
    create table public.friends (owner uuid, friend uuid); grant select on public.friends to authenticated;
    create policy f on public.posts for select to authenticated using (
      exists (select from public.friends where friends.owner = posts.owner and friends.friend = public.me()) and body = 'seen')`);
  await world.pool.query("insert into public.friends values ($1, $2)", [stranger, member]);
  using mine = await watch(member);
  using theirs = await watch(stranger);
  await world.pool.query(
    "begin; insert into public.posts values (1, $1, 'seen'), (2, $1, 'unseen'); commit".replaceAll(
      "$1",
      `'${stranger}'`,
    ),
  );
  await world.pool.query("update public.posts set body = 'unseen' where id = 1");
  await world.pool.query("update public.posts set body = 'seen' where id = 2");
  assert.deepEqual(await toldTo(mine, theirs), [["INSERT 1", "UPDATE 2"], []]);
});

test("the service role passes; a role that owns the table is held only by FORCE", async () => {
  const { mintToken } = await import("#auth/jwt.ts");
  const token = await mintToken({ role: "service_role" }, world.jwtSecret, 600);
  using watcher = await watch();
  watcher.raw.push(watcher.topic, "access_token", { access_token: token }, watcher.joinRef);
  await watcher.systems.next();
  await world.pool.query("insert into public.posts values (1)");
  assert.equal((await watcher.next()).data.record.id, 1);

  const policyOf = async (role: string) =>
    (await world.pool.query("select realtime.select_policy('public.posts'::regclass, $1) as policy", [role]))
      .rows[0].policy;
  assert.equal(await policyOf("authenticated"), "(false)");
  await world.pool.query("alter table public.posts owner to authenticated");
  assert.equal(await policyOf("authenticated"), null);
  await world.pool.query("alter table public.posts force row level security");
  assert.equal(await policyOf("authenticated"), "(false)");
  await world.pool.query("alter table public.posts owner to current_user");
});

test("a policy that raises crashes its own viewer's channel and nobody else's", async () => {
  await world.pool.query(
    "create policy p on public.posts for select using (1 / (case when public.me() = '22222222-2222-4222-8222-222222222222' then 0 else 1 end) = 1)",
  );
  using mine = await watch(member);
  using theirs = await watch(stranger);
  await world.pool.query("insert into public.posts values (1)");
  assert.equal((await mine.next()).data.record.id, 1);
  assert.match((await theirs.systems.next()).message, /row-level security: division by zero/);
  assert.match((await theirs.raw.event("phx_error")).payload.reason, /division by zero/);
  assert.deepEqual([theirs.changes.all.length, mine.systems.all.length], [0, 1]);
});

test("a policy that is slow costs its own viewer the channel, and the others only a moment", async () => {
  await world.pool.query(
    "create policy p on public.posts for select using (case when public.me() = '22222222-2222-4222-8222-222222222222' then pg_sleep(30) is not null else true end)",
  );
  using mine = await watch(member);
  using theirs = await watch(stranger);
  await world.pool.query("insert into public.posts values (1)");
  assert.equal((await mine.next()).data.record.id, 1);
  assert.match((await theirs.systems.next()).message, /statement timeout/);
  await theirs.raw.event("phx_error");
  await world.pool.query("insert into public.posts values (2)");
  assert.equal((await mine.next()).data.record.id, 2);
});

test("a policy may call what finds its tables by the usual search path", async () => {
  await world.pool.query(`
    create or replace function public.is_friend(who uuid) returns boolean language plpgsql stable
      as $$ begin return exists (select from friends where owner = who and friend = me()); end $$;
    grant execute on function public.is_friend(uuid) to public;
    create table public.friends (owner uuid, friend uuid); grant select on public.friends to authenticated;
    create policy f on public.posts for select using (public.is_friend(owner))`);
  await world.pool.query("insert into public.friends values ($1, $2)", [stranger, member]);
  using mine = await watch(member);
  await world.pool.query("insert into public.posts values (1, $1)", [stranger]);
  assert.equal((await mine.next()).data.record.id, 1);
});

test("a new token is seen with from then on, and one without the right is refused nothing but the rows", async () => {
  await world.pool.query(
    "create policy own on public.posts for select to authenticated using (owner = public.me())",
  );
  using watcher = await watch(member);
  await world.pool.query("insert into public.posts values (1, $1)", [member]);
  assert.equal((await watcher.next()).data.record.id, 1);
  watcher.raw.push(
    watcher.topic,
    "access_token",
    { access_token: await tokenOf(world, stranger) },
    watcher.joinRef,
  );
  assert.equal((await watcher.systems.next()).message, "Subscribed to PostgreSQL");
  await world.pool.query("insert into public.posts values (2, $1), (3, $2)", [member, stranger]);
  assert.equal((await watcher.next()).data.record.id, 3);
});

test("columns that the role may not read are not shown, and without the key nothing is", async () => {
  await world.pool.query(`
    alter table public.posts disable row level security; revoke select on public.posts from anon, authenticated;
    grant select (id, body) on public.posts to anon; grant select (body) on public.posts to authenticated`);
  using some = await watch();
  using keyless = await watch(member);
  await world.pool.query("insert into public.posts values (1, $1, 'b')", [member]);
  const shown = (await some.next()).data;
  assert.deepEqual([shown.record, shown.errors], [{ id: 1, body: "b" }, null]);
  assert.deepEqual(
    shown.columns.map(({ name }: { name: string }) => name),
    ["id", "body"],
  );
  const { data } = await keyless.next();
  assert.deepEqual(
    [data.type, data.errors, data.record, data.columns],
    ["INSERT", ["Error 401: Unauthorized"], undefined, []],
  );
});

test("the old row is shown by the table's replica identity", async () => {
  await world.pool.query(
    "alter table public.posts disable row level security; create unique index posts_body on public.posts (body)",
  );
  await world.pool.query("alter table public.posts alter body set not null");
  using watcher = await watch();
  const old = async (identity: string) => {
    await world.pool.query(`alter table public.posts replica identity ${identity}`);
    await world.pool.query("insert into public.posts values (1, null, 'b')");
    await world.pool.query("update public.posts set body = 'c'");
    await world.pool.query("delete from public.posts");
    const olds = [await watcher.next(), await watcher.next(), await watcher.next()];
    return olds.map(({ data }) => data.old_record);
  };
  assert.deepEqual(await old("default"), [undefined, { id: 1 }, { id: 1 }]);
  assert.deepEqual(await old("full"), [
    undefined,
    { id: 1, owner: null, body: "b" },
    { id: 1, owner: null, body: "c" },
  ]);
  assert.deepEqual(await old("using index posts_body"), [undefined, { body: "b" }, { body: "c" }]);
  await world.pool.query("alter publication supabase_realtime set (publish = 'insert')");
  await world.pool.query("alter table public.posts replica identity nothing");
  await world.pool.query("insert into public.posts values (1, null, 'b')");
  await world.pool.query(
    "update public.posts set body = 'c'; delete from public.posts; insert into public.posts values (2, null, 'd')",
  );
  const ids = [await watcher.next(), await watcher.next()].map(({ data }) => [data.type, data.record.id]);
  assert.deepEqual(ids, [
    ["INSERT", 1],
    ["INSERT", 2],
  ]);
  await world.pool.query(
    "alter publication supabase_realtime set (publish = 'insert, update, delete, truncate')",
  );
});

test("the publication's own columns and rows are honoured", async () => {
  await world.pool.query(`
    alter table public.posts disable row level security;
    alter publication supabase_realtime drop table public.posts;
    alter publication supabase_realtime add table public.posts (id, body) where (id > 10)`);
  using watcher = await watch();
  await world.pool.query("insert into public.posts values (1, null, 'a'), (11, $1, 'b')", [member]);
  const { data } = await watcher.next();
  assert.deepEqual(data.record, { id: 11, body: "b" });
  using refused = await Watcher.open(world, relay, [{ ...posts, filter: "owner=eq.x" }]);
  assert.match((await refused.systems.next()).message, /may not be read/);
});
