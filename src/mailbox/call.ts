import type { Ground } from "./ground.ts";

/** One request that has a token, the right types and a bearable size. */
export type Call = {
  ground: Ground;
  /** Stores nothing and says so in its answers: Postmark's test token. */
  testOnly: boolean;
  /** What stands in the path where the endpoint has groups. */
  ids: string[];
  query: Query;
  /** The body out of JSON. Throws Fault 402. */
  body(): unknown;
};

/** Query parameters with lower-case names; what follows `metadata_` is kept as it was written. */
export type Query = ReadonlyMap<string, string>;

export type Endpoint = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: RegExp;
  /** The most a body may have in bytes, for endpoints that take one. */
  limit?: number;
  /** What the answer's body is. Throws a Fault for every other one. */
  run(call: Call): unknown;
};

const megabyte = 1024 * 1024;
export const oneMessage = 10 * megabyte;
export const manyMessages = 50 * megabyte;
