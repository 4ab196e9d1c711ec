import type { Claims } from "#auth/claims.ts";

/** Live topics, as far as a subscription needs to know them; errors with a code of class HW are for the client. */
export type Topics = {
  listen(
    wish: { room: { name: string; private: boolean }; after?: string | undefined },
    claims: Claims,
  ): Promise<AsyncIterableIterator<TopicEvent>>;
};

export type TopicEvent = { id: string; seq: string; event: string; payload: unknown; bytes: Buffer | null };
