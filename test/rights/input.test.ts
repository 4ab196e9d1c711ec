import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { callables } from "../support/rights/catalogue.ts";
import { inputOf, kinds } from "../support/rights/inputs.ts";
import { addAllRows, loadNouns } from "../support/rights/nouns.ts";
import { type Names, openScene, type Scene } from "../support/rights/scene.ts";

let scene: Scene;
let names: Names;
before(async () => {
  scene = await openScene();
  names = Object.assign({}, ...Object.values(await addAllRows(scene, await loadNouns())));
});
after(() => scene[Symbol.asyncDispose]());

for (const kind of kinds)
  test(`whatever is ${kind}, every function that somebody may call succeeds or says what is wrong with a code of ours`, async () => {
    const asked = (await callables(scene.world.pool)).filter(({ role }) => role === "authenticated");
    assert.ok(asked.length > 5);
    const wrong: object[] = [];
    for (const { call, types, inputs } of asked) {
      if (types.includes("record")) continue;
      const sql = `select * from ${call}(${types.map((type, i) => inputOf(kind, inputs[i] ?? "", type, names)).join(", ")})`;
      const told = await scene.as("staff", (client) =>
        client.query(sql).then(
          () => "HW",
          ({ code, message }) => `${code}: ${message}`,
        ),
      );
      if (!told.startsWith("HW")) wrong.push({ call, told: told.slice(0, 200), sql: sql.slice(0, 300) });
    }
    assert.deepEqual(wrong, []);
  });
