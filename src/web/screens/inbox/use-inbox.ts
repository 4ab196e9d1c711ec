import { useCallback, useEffect, useRef, useState } from "react";
import { sayProblem } from "../../api/problem.ts";
import { usePersonEvents } from "../../parts/use-person-events.ts";
import { archive, type Filter, loadInbox, markRead, markSeen, type Notification } from "./api.ts";

export type Inbox = {
  notifications: Notification[] | null;
  more: boolean;
  problem: string;
  reload(): void;
  loadMore(): void;
  read(notification: Notification): Promise<void>;
  readAll(): Promise<void>;
  putAway(notification: Notification, archived: boolean): Promise<void>;
};

/** The notifications under a filter; new ones appear by themselves, and what is on the screen is marked as seen. */
export function useInbox(personId: string, filter: Filter): Inbox {
  const [state, setState] = useState<{ nodes: Notification[] | null; end: string | null }>({
    nodes: null,
    end: null,
  });
  const [problem, setProblem] = useState("");
  const turn = useRef(0);

  const load = useCallback(
    async (after: string | null) => {
      const mine = ++turn.current;
      try {
        const { nodes, pageInfo } = await loadInbox(filter, after);
        if (mine !== turn.current) return;
        const end = pageInfo.hasNextPage ? pageInfo.endCursor : null;
        setState((before) => ({ nodes: after ? [...(before.nodes ?? []), ...nodes] : nodes, end }));
        setProblem("");
        await markAsSeen(nodes);
      } catch (error) {
        if (mine === turn.current) setProblem(sayProblem(error));
      }
    },
    [filter],
  );
  const reload = useCallback(() => void load(null), [load]);
  useEffect(reload, [reload]);
  usePersonEvents(personId, (event) => {
    if (event === "notification" || event === "live") reload();
  });

  /** Shows the change at once and the truth afterwards. */
  const change = async (ids: string[], patch: Partial<Notification>, work: () => Promise<void>) => {
    const patched = (one: Notification) => (ids.includes(one.id) ? { ...one, ...patch } : one);
    setState((before) => ({ ...before, nodes: before.nodes?.map(patched) ?? null }));
    await work().then(
      () => setProblem(""),
      (error: unknown) => {
        setProblem(sayProblem(error));
        reload();
      },
    );
  };
  const now = () => new Date().toISOString();
  const nodes = state.nodes;
  return {
    notifications: nodes,
    more: state.end !== null,
    problem,
    reload,
    loadMore: () => void load(state.end),
    read: ({ id, readAt }) =>
      readAt ? Promise.resolve() : change([id], { readAt: now() }, () => markRead({ ids: [id] })),
    readAll: async () => {
      const newest = nodes?.[0];
      if (!newest) return;
      await change(idsOf(nodes), { readAt: now() }, () => markRead({ before: newest.createdAt }));
      reload();
    },
    putAway: ({ id }, archived) => {
      setState((before) => ({ ...before, nodes: before.nodes?.filter((one) => one.id !== id) ?? null }));
      return change([], {}, () => archive([id], archived));
    },
  };
}

function idsOf(notifications: Notification[]): string[] {
  return notifications.map(({ id }) => id);
}

async function markAsSeen(notifications: Notification[]): Promise<void> {
  const fresh = notifications.filter(({ seenAt }) => !seenAt);
  if (fresh.length > 0) await markSeen({ ids: idsOf(fresh) });
}
