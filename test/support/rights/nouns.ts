import { glob } from "node:fs/promises";
import path from "node:path";
import type { Rights } from "./noun.ts";
import { addRows, type Names, type Scene } from "./scene.ts";

const folder = path.resolve(import.meta.dirname, "../../rights");

/** What each file of test/rights allows, by its noun. */
export async function loadNouns(): Promise<Record<string, Rights>> {
  const files = await Array.fromAsync(glob("*.ts", { cwd: folder }));
  const found = files.filter((file) => !file.endsWith(".test.ts")).toSorted();
  const load = async (file: string) => [
    path.parse(file).name,
    (await import(path.join(folder, file))).default,
  ];
  return Object.fromEntries(await Promise.all(found.map(load)));
}

/** Makes the rows of every noun; no noun knows the rows of another. */
export async function addAllRows(
  scene: Scene,
  nouns: Record<string, Rights>,
): Promise<Record<string, Names>> {
  const names: Record<string, Names> = {};
  for (const [noun, rights] of Object.entries(nouns)) names[noun] = await addRows(scene, rights);
  return names;
}
