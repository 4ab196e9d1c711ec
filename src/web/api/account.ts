import { graphql, mutate } from "./graphql.ts";

export type Profile = { name: string; locale: string | null; timeZone: string | null; addresses: string[] };
export type Device = {
  id: string;
  userAgent: string;
  lastSeenAt: string;
  createdAt: string;
  current: boolean;
};
export type CommunityWords = { name: string; locale: string; timeZone: string };
export type Account = { profile: Profile; devices: Device[]; community: CommunityWords | null };

type Me = Omit<Profile, "addresses"> & {
  emailAddresses: { nodes: { address: string }[] };
  sessions: {
    nodes: (Omit<Device, "userAgent" | "current"> & { userAgent: string | null; current: boolean | null })[];
  };
};

/** Who one is here, and the devices on which one is signed in, the latest first. */
export async function loadAccount(): Promise<Account> {
  const { me, community } = await graphql<{ me: Me; community: CommunityWords | null }>(
    `query Account {
      me {
        name locale timeZone
        emailAddresses { nodes { address } }
        sessions(first: 50) { nodes { id userAgent lastSeenAt createdAt current } }
      }
      community { name locale timeZone }
    }`,
  );
  const { name, locale, timeZone } = me;
  return {
    profile: { name, locale, timeZone, addresses: me.emailAddresses.nodes.map(({ address }) => address) },
    devices: me.sessions.nodes
      .map((row) => ({ ...row, userAgent: row.userAgent ?? "", current: row.current === true }))
      .sort((a, b) => Number(b.current) - Number(a.current) || b.lastSeenAt.localeCompare(a.lastSeenAt)),
    community,
  };
}

/** An empty language or time zone means the community's. */
export async function updateProfile(name: string, locale: string, timeZone: string): Promise<void> {
  await mutate("updateProfile", { name, locale, timeZone });
}

export async function revokeSession(sessionId: string): Promise<void> {
  await mutate("revokeSession", { sessionId });
}

export async function revokeOtherSessions(): Promise<void> {
  await mutate("revokeOtherSessions", {});
}

/** Mails a link to the address; whoever opens it has the address from then on. */
export async function addEmailAddress(email: string): Promise<void> {
  await mutate("addEmailAddress", { email });
}
