import os from "node:os";
import path from "node:path";
import { startTestCluster } from "./world.ts";

process.env.GRAPHILE_ENV ??= "production"; // read when grafast is imported; unset, it warns in every file

process.env.NODE_COMPILE_CACHE ??= path.join(os.tmpdir(), "howdah-compiled"); // hundreds of processes start

let stop: () => Promise<void> = async () => {};

/** One cluster for the whole run; each test file that is run alone starts or adopts it by itself. */
export async function globalSetup(): Promise<void> {
  ({ stop } = await startTestCluster());
}

export async function globalTeardown(): Promise<void> {
  await stop();
}
