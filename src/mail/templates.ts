import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";
import { AppError, messageOf } from "#errors.ts";
import { type Layout, readLayout, within } from "./layout.ts";
import { type Compiled, compile } from "./template.ts";

export type Published = Compiled & { name: string; locale: string; digest: string; sample: object };

/** The templates of the product. */
export const templatesFolder = path.join(import.meta.dirname, "templates");

/**
 * Gives the database the templates in `folders`, and where the links of letters lead. Any number of processes may do so at
 * once; when nothing has changed it is one small query. Throws AppError `BadTemplate` and names the file.
 */
export async function publishTemplates(
  pool: pg.Pool,
  publicUrl: string,
  folders = [templatesFolder],
): Promise<void> {
  const templates = await readTemplates(folders);
  const digest = digestOf([publicUrl, ...templates.map((template) => template.digest)]);
  const { rowCount } = await pool.query("select from mail.publication where digest = $1", [digest]);
  if (rowCount) return;
  await pool.query("select mail.publish($1, $2, $3)", [JSON.stringify(templates), publicUrl, digest]);
}

/** Every template in every language it has, compiled: `<folder>/<name>/<locale>/`; English each must have. */
export async function readTemplates(folders = [templatesFolder]): Promise<Published[]> {
  const layout = await readLayout(path.join(templatesFolder, "layout"));
  const found = await Promise.all(folders.map((folder) => readFolder(folder, layout)));
  return found.flat();
}

async function readFolder(folder: string, layout: Layout): Promise<Published[]> {
  const names = (await foldersIn(folder)).filter((name) => name !== "layout");
  const found = await Promise.all(names.map((name) => readTemplate(path.join(folder, name), name, layout)));
  return found.flat();
}

async function readTemplate(folder: string, name: string, layout: Layout): Promise<Published[]> {
  const locales = await foldersIn(folder);
  if (!locales.includes("en")) throw new AppError("BadTemplate", `${folder} has no folder en`);
  const { category, ...samples } = JSON.parse(await read(path.join(folder, "sample.json")));
  return Promise.all(
    locales.map(async (locale) => {
      const compiled = await readLocale(path.join(folder, locale), locale, layout);
      const sample = { category, ...(samples[locale] ?? samples.en) };
      return { name, locale, ...compiled, sample, digest: digestOf([compiled, sample]) };
    }),
  );
}

async function readLocale(folder: string, locale: string, layout: Layout): Promise<Compiled> {
  const [subject = "", html = "", text = ""] = await Promise.all(
    ["subject.txt", "html.html", "text.txt"].map((file) => read(path.join(folder, file))),
  );
  const preheader = await readFile(path.join(folder, "preheader.txt"), "utf8").catch(() => "");
  try {
    return compile(
      within(layout, locale, { subject: subject.trim(), preheader: preheader.trim(), html, text }),
    );
  } catch (error) {
    throw new AppError("BadTemplate", `${folder} ${messageOf(error)}`, { cause: error });
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new AppError("BadTemplate", `${file} cannot be read`, { cause });
  }
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
