/** A pool, a client or a job's helpers. Each call must be a transaction of its own. */
export type Queryable = { query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> };
