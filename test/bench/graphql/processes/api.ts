import assert from "node:assert/strict";
import { startApp } from "#app.ts";
import { loadConfig } from "#config.ts";
import { freePort } from "#lib/free-port.ts";
import { optionsOf, type ServerApi, serve, serverApi } from "../../realtime/processes/serve.ts";
import { Remote } from "../../realtime/remote.ts";
import { type ActionName, actions, type Ids } from "../actions.ts";
import { record, type Statement } from "./recorder.ts";

type Options = { databaseUrl: string; jwtSecret: string; processes?: number; port?: number };

/** Howdah's API, alone; with the other processes that share its port. */
const options = optionsOf<Options>();
const { databaseUrl, jwtSecret, processes = 1, port = await freePort() } = options;
const config = loadConfig({
  ...{
    NODE_ENV: "production",
    DATABASE_URL: databaseUrl,
    JWT_SECRET: jwtSecret,
    PORT: String(port),
    SHARE_PORT: "on",
  },
  ...{ POSTMARK_SERVER_TOKEN: "of-the-bench", MAILBOX: "off" },
});
await startApp(config, new Set(["api"]));
const others = await Promise.all(
  Array.from({ length: processes - 1 }, () =>
    Remote.fork<ServerApi>(new AsyncDisposableStack(), new URL(import.meta.url), {
      ...options,
      port,
      processes: 1,
    }),
  ),
);

export type RecordedApi = typeof api;

const api = {
  ...serverApi(port),
  async cpu() {
    const each = await Promise.all([serverApi(port).cpu(), ...others.map((other) => other.call("cpu"))]);
    return each.reduce((sum, ms) => sum + ms, 0);
  },
  /** The three statements that answer the action; the values of the second are the action's variables, in their order. */
  async record(action: ActionName, ids: Ids, token: string): Promise<Statement[]> {
    const { query, variables, proof } = actions[action];
    const ask = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables: variables(ids) }),
      });
      assert.ok((await answer.text()).includes(proof[0]));
    };
    await ask();
    const statements = await record(ask);
    assert.deepEqual(
      statements.map(({ values }) => values),
      [undefined, Object.values(variables(ids)), undefined],
      `${action} is no longer one statement between begin and commit`,
    );
    return statements;
  },
};

serve(api);
