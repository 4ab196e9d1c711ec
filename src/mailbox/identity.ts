/** Tells one mailbox from another one, and from any other program at its port. */
export type Identity = { mailbox: string };

export const identityPath = "/_control/identity";

/** The file of the mailbox that answers there; undefined when it is none, or nobody answers. */
export async function identityAt(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url + identityPath, { signal: AbortSignal.timeout(1000) });
    return ((await answer.json()) as Partial<Identity>).mailbox;
  } catch {
    return undefined;
  }
}
