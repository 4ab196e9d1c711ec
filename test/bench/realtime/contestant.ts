import type { Lifetime } from "../support/lifetime.ts";
import type { Postgres } from "../support/postgres.ts";
import type { DialectName } from "./clients/dialect.ts";
import type { CrowdApi, Layout } from "./processes/crowd.ts";
import type { ServerApi } from "./processes/serve.ts";
import { Remote } from "./remote.ts";

/** What the contestants share. */
export type Arena = { life: Lifetime; postgres: Postgres };

/** A server of live messages that is measured. */
export type Contestant = {
  /** What --peers= calls it. */
  readonly key: string;
  readonly name: string;
  readonly dialect: DialectName;
  /** Version and the settings that matter, in one line. */
  about: string;
  /** Why it cannot take part; undefined if it can. */
  available(): Promise<string | undefined>;
  prepare(): Promise<void>;
  /** A server in a process of its own. */
  startServer(): Promise<Remote<ServerApi>>;
  /** What its clients bring along. */
  apikey(): Promise<string>;
};

/** A server with its clients, each in a process of its own. */
export type Site = AsyncDisposable & { server: Remote<ServerApi>; crowd: Remote<CrowdApi> };

export async function openSite(life: Lifetime, contestant: Contestant, layout?: Layout): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await contestant.startServer());
  const options = {
    dialect: contestant.dialect,
    port: await server.call("port"),
    apikey: await contestant.apikey(),
  };
  const crowd = stack.use(await Remote.fork<CrowdApi>(life, "crowd.ts", options));
  if (layout) await crowd.call("open", layout);
  const started = stack.move();
  return { server, crowd, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** The result of `work`, and the share of one core that the server used meanwhile. */
export async function withServerBusy<T extends object>(
  { server }: Site,
  work: () => Promise<T>,
): Promise<T & { serverBusy: number }> {
  const [before, began] = [await server.call("cpu"), performance.now()];
  const result = await work();
  return { ...result, serverBusy: ((await server.call("cpu")) - before) / (performance.now() - began) };
}
