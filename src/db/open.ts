import { startEmbedded } from "#db/embedded.ts";

export type OpenedDatabase = {
  url: string;
  /** A shell line that looks inside; undefined for an external database, whose owner knows it. */
  psql: string | undefined;
  stop(): Promise<void>;
};

/** The only place that chooses: the database of DATABASE_URL, or the embedded one under HOWDAH_DIR. */
export async function openDatabase(settings: {
  databaseUrl: string | undefined;
  dir: string;
}): Promise<OpenedDatabase> {
  if (settings.databaseUrl !== undefined)
    return { url: settings.databaseUrl, psql: undefined, stop: async () => {} };
  return startEmbedded(settings.dir);
}
