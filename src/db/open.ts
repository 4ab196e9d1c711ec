import { startEmbedded } from "#db/embedded.ts";

export type Database = {
  url: string;
  embedded: boolean;
  /** A shell line that looks inside; undefined for an external database, whose owner knows it. */
  psql: string | undefined;
  stop(): Promise<void>;
};

/** The only place that chooses: the database of DATABASE_URL, or the embedded one under HOWDAH_DIR. */
export async function openDatabase(settings: {
  databaseUrl: string | undefined;
  dir: string;
}): Promise<Database> {
  if (settings.databaseUrl !== undefined)
    return { url: settings.databaseUrl, embedded: false, psql: undefined, stop: async () => {} };
  return { ...(await startEmbedded(settings.dir)), embedded: true };
}
