import assert from "node:assert/strict";
import { test } from "node:test";
import { postgresChangesFilter } from "@supabase/realtime-js";
import { idOf, parseBinding } from "#realtime/changes/binding.ts";
import { parseFilter } from "#realtime/changes/filter.ts";

test("a filter is read into its conditions and their values", () => {
  assert.deepEqual(parseFilter(" "), { conditions: [], values: [] });
  assert.deepEqual(read("a=eq.1"), [["a", "eq", false, "1"]]);
  assert.deepEqual(read("a=not.eq.1, b=like.x%"), [
    ["a", "eq", true, "1"],
    ["b", "like", false, "x%"],
  ]);
  assert.deepEqual(read("a=is.NULL,b=not.is.true"), [
    ["a", "isnull", false, null],
    ["b", "istrue", true, null],
  ]);
  assert.deepEqual(read("a=isdistinct.null,a=eq.null"), [
    ["a", "isdistinct", false, null],
    ["a", "eq", false, "null"],
  ]);
  assert.deepEqual(read("a=eq.x.y=z"), [["a", "eq", false, "x.y=z"]]);
  assert.deepEqual(read("a=eq."), [["a", "eq", false, ""]]);
});

test("commas count only outside quotes and parentheses, and backslashes escape inside quotes", () => {
  assert.deepEqual(read('a=eq."x,y",b=match.(p|q,r)'), [
    ["a", "eq", false, "x,y"],
    ["b", "match", false, "(p|q,r)"],
  ]);
  assert.deepEqual(read('a=in.(1,"two,""",  three ,"f\\"o\\\\ur")'), [
    ["a", "in", false, ["1", '"two,"""', "three", 'f"o\\ur']],
  ]);
  assert.deepEqual(read('a=eq.5" tall,b=eq.1'), [
    ["a", "eq", false, '5" tall'],
    ["b", "eq", false, "1"],
  ]);
});

test("what the client's own builder makes is read back", () => {
  const awkward = 'a,b(c)"d\\e ';
  const filter = postgresChangesFilter()
    .eq("x", awkward)
    .in("y", ["p,q", '"', "plain"])
    .not("z", "is", null)
    .build();
  assert.deepEqual(read(filter), [
    ["x", "eq", false, awkward],
    ["y", "in", false, ["p,q", '"', "plain"]],
    ["z", "isnull", true, null],
  ]);
});

test("what is no filter is refused with the reason", () => {
  for (const [text, reason] of [
    ["undefined", /\["undefined"\]/],
    ["a=foo.1", /\["foo","1"\]/],
    ["a=eq", /\["eq",null\]/],
    ["a=eq.1,", /empty segments/],
    ["a=in.1,2", /parentheses/],
    ["a=is.maybe", /`is` takes/],
    [`a=in.(${Array.from({ length: 101 }, (_, n) => n)})`, /100 values/],
    ["a=eq.\0", /NUL/],
  ] as const) {
    assert.throws(() => parseFilter(text), reason, text);
  }
  const [listed] = parseFilter(`a=in.(${Array.from({ length: 100 }, (_, n) => n)})`).values;
  assert.equal(listed?.length, 100);
});

test("a binding has its defaults, and its id depends on all of it", () => {
  const { event, schema, table, select } = parseBinding({ table: "t" });
  assert.deepEqual([event, schema, table, select], ["*", "public", "t", null]);
  assert.deepEqual(parseBinding({ schema: "s", event: "insert" }).table, "*");
  assert.equal(parseBinding({ schema: "s", event: "insert" }).event, "INSERT");
  assert.throws(() => parseBinding({}), /at least a `schema` or `table`/);
  assert.throws(() => parseBinding({ schema: "*", select: ["a"] }), /wildcard/);
  assert.throws(() => parseBinding({ table: "t", filter: 7 }), /Error parsing `filter` params: 7/);
  const some = [{}, { event: "*" }, { table: "t" }, { filter: "a=eq.1" }, { select: ["a"] }].map(idOf);
  assert.equal(new Set(some).size, some.length);
  assert.ok(some.every((id) => Number.isSafeInteger(id) && id > 0));
  assert.equal(idOf({ table: "t", filter: undefined }), idOf({ filter: null, table: "t" }));
});

function read(text: string): unknown[][] {
  const { conditions, values } = parseFilter(text);
  return conditions.map(({ column, op, not }, index) => [column, op, not, values[index]]);
}
