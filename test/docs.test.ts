import assert from "node:assert/strict";
import { access, glob, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { settingNames } from "#config.ts";

const root = path.resolve(import.meta.dirname, "..");
const read = (file: string) => readFile(path.join(root, file), "utf8");

test("every setting stands in docs/settings.md and in .env.example", async () => {
  for (const file of ["docs/settings.md", ".env.example"]) {
    const text = await read(file);
    assert.deepEqual(
      settingNames.filter((name) => !new RegExp(`\\b${name}\\b`).test(text)),
      [],
      file,
    );
  }
});

test("every dependency is named with its reason in docs/dependencies.md", async () => {
  const text = await read("docs/dependencies.md");
  const manifest = JSON.parse(await read("package.json"));
  const names = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((kind) =>
    Object.keys(manifest[kind]),
  );
  assert.deepEqual(
    names.filter((name) => !text.includes(`\`${name}\``)),
    [],
  );
});

test("every code of ours that the database or the API raises is explained in docs/errors.md", async () => {
  const explained = await read("docs/errors.md");
  const raised = new Set<string>();
  for (const file of [...(await sqlFiles()), ...(await apiFiles())])
    for (const [code] of (await read(file)).matchAll(/HW\d{3}/g)) raised.add(code);
  assert.ok(raised.size >= 4);
  assert.deepEqual(
    [...raised].filter((code) => !explained.includes(code)),
    [],
  );
});

test("every code of an AppError that can end a start or answer a request is explained in docs/errors.md", async () => {
  const explained = await read("docs/errors.md");
  const codes = new Set<string>();
  for await (const file of glob("src/**/*.ts", { cwd: root }))
    for (const [, code = ""] of (await read(file)).matchAll(/new AppError\(\s*"(\w+)"/g)) codes.add(code);
  assert.ok(codes.size > 10);
  assert.deepEqual(
    [...codes].filter((code) => !explained.includes(`\`${code}\``)),
    [],
  );
});

test("the README begins with the two commands", async () => {
  const text = await read("README.md");
  const start = text.indexOf("npm ci && npm start");
  const check = text.indexOf("npm ci && npm test");
  assert.ok(start > 0 && check > start);
  assert.ok(start < 1500, "within the first screen");
});

test("all links between the documents lead somewhere", async () => {
  for await (const file of glob(["*.md", "docs/*.md", "db/*.md"], { cwd: root })) {
    for (const [, target = ""] of (await read(file)).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)/g))
      await assert.doesNotReject(
        access(path.join(root, path.dirname(file), target)),
        `${file} links to ${target}`,
      );
  }
});

async function apiFiles(): Promise<string[]> {
  return Array.fromAsync(glob("src/{graphql,realtime/listening}/**/*.ts", { cwd: root }));
}

async function sqlFiles(): Promise<string[]> {
  return Array.fromAsync(glob("db/{migrations,logic}/*.sql", { cwd: root }));
}
