export type PageOf<T> = { nodes: T[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };

export const PAGE_INFO = "pageInfo { hasNextPage endCursor }";

/** Every node of a list, page by page: the server gives 100 at a time. */
export async function allNodes<T>(
  ask: (after: string | null) => Promise<PageOf<T> | undefined>,
): Promise<T[]> {
  const nodes: T[] = [];
  let after: string | null = null;
  do {
    const page: PageOf<T> | undefined = await ask(after);
    nodes.push(...(page?.nodes ?? []));
    after = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);
  return nodes;
}
