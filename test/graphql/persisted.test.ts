import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { bearer, openSchool } from "./school.ts";

const me = "query Me { me { name } }\n";
const room = "query Room($id: UUID!) { room(id: $id) { id } }\n";

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "howdah-operations-"));
  await writeFile(path.join(folder, "me.graphql"), me);
  await writeFile(path.join(folder, "room.graphql"), room);
  await writeFile(path.join(folder, "notes.txt"), "no operation");
});
after(() => rm(folder, { recursive: true }));

async function openAsking(persistedOnly: boolean) {
  const school = await openSchool({ persistedOperations: folder, persistedOnly });
  const token = await bearer(school.people.sam, school.world.jwtSecret);
  return { school, ask: (body: object) => school.post(JSON.stringify(body), token) };
}

test("an operation is run by its name or hash; its text is as good, unless only known ones are run", async () => {
  const { school, ask } = await openAsking(false);
  await using _ = school;
  const sha256Hash = createHash("sha256").update(me).digest("hex");
  for (const body of [
    { documentId: "me" },
    { id: "me" },
    { extensions: { persistedQuery: { version: 1, sha256Hash } } },
    { query: me },
  ])
    assert.deepEqual((await ask(body)).data, { me: { name: "Sam" } }, JSON.stringify(body));
  const { data } = await ask({ documentId: "room", variables: { id: school.roomId } });
  assert.equal(data.room.id, school.roomId);
});

test("with only known ones any other text is refused, with and without a name; tokens count as ever", async () => {
  const { school, ask } = await openAsking(true);
  await using _ = school;
  assert.deepEqual((await ask({ documentId: "me" })).data, { me: { name: "Sam" } });
  for (const body of [
    { query: "{ rooms { nodes { id } } }" },
    { query: me },
    { documentId: "notes" },
    { documentId: "../me", query: me },
    { documentId: 5, query: me },
    {},
  ]) {
    const { status, errors } = await ask(body);
    assert.deepEqual([status, errors[0]?.extensions.code], [400, "HW404"], JSON.stringify(body));
  }
  const bad = await school.post(JSON.stringify({ documentId: "me" }), { authorization: "Bearer nonsense" });
  assert.deepEqual([bad.status, bad.errors[0]?.extensions.code], [401, "HW401"]);
});

test("a folder that is not there, or an operation that cannot be run, ends the start", async () => {
  await assert.rejects(openSchool({ persistedOperations: path.join(folder, "none") }), {
    code: "BadOperation",
    message: /PERSISTED_OPERATIONS/,
  });
  await writeFile(path.join(folder, "wrong.graphql"), "{ nothing }");
  await assert.rejects(openSchool({ persistedOperations: folder }), {
    code: "BadOperation",
    message: /operation wrong cannot be run: .*"nothing"/,
  });
});
