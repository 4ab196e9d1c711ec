import { graphql, mutate } from "./graphql.ts";
import { newId } from "./new-id.ts";
import { asRole, type Role } from "./rooms.ts";
import type { Person } from "./session.ts";

export type Newcomer = Exclude<Role, "owner">;
export type Invited = {
  id: string;
  name: string;
  email: string;
  role: Role;
  acceptedAt: string | null;
  expiresAt: string;
};
export type Invitation = {
  groupId: string;
  email: string;
  name: string;
  role: Newcomer;
  childId: string | null;
};

type InvitedRow = Omit<Invited, "role"> & { role: string };

const INVITED = "id name email role acceptedAt expiresAt";

/**
 * Invites a mailbox into a group; where staff of the community invites, the person is a member at once, else with
 * accepting. Throws Problem HW403 or HW422.
 */
export async function inviteToGroup(invitation: Invitation): Promise<Invited> {
  const { result } = await mutate<{ result: InvitedRow }>(
    "inviteToGroup",
    invitation,
    `result { ${INVITED} }`,
  );
  return invitedOf(result);
}

export async function cancelInvitation(invitationId: string): Promise<void> {
  await mutate("cancelInvitation", { invitationId });
}

export type InvitedLine = {
  line: number;
  email: string;
  outcome: "invited" | "already" | "refused";
  reason: string;
};

/** Invites a list of people as CSV; what became of each line. */
export async function inviteMany(groupId: string, csv: string): Promise<InvitedLine[]> {
  const { result } = await mutate<{ result: (Partial<InvitedLine> | null)[] }>(
    "inviteMany",
    { groupId, csv },
    "result { line email outcome reason }",
  );
  return result.flatMap((row) =>
    row
      ? [
          {
            line: row.line ?? 0,
            email: row.email ?? "",
            outcome: row.outcome ?? "refused",
            reason: row.reason ?? "",
          },
        ]
      : [],
  );
}

export type InvitationLink = {
  id: string;
  token: string;
  role: Role;
  uses: number;
  maxUses: number | null;
  mailDomain: string | null;
  needsApproval: boolean;
  expiresAt: string;
};
export type Request = { id: string; person: Person; role: Role; createdAt: string };
export type Waiting = { invited: Invited[]; links: InvitationLink[]; requests: Request[] };

/** Who is invited and has not come yet, the links that work, and who waits to be let in. For staff of the group. */
export async function loadWaiting(groupId: string): Promise<Waiting> {
  type Data = {
    group: {
      invitations: { nodes: InvitedRow[] };
      invitationLinks: { nodes: (InvitationLink & { revokedAt: string | null })[] };
      membershipRequests: { nodes: (Omit<Request, "person"> & { person: Person | null })[] };
    } | null;
  };
  const { group } = await graphql<Data>(
    `query Waiting($id: UUID!) {
      group(id: $id) {
        invitations(first: 100, filter: { acceptedAt: { isNull: true } }) { nodes { ${INVITED} } }
        invitationLinks(first: 50) {
          nodes { id token role uses maxUses mailDomain needsApproval expiresAt revokedAt }
        }
        membershipRequests(first: 100, filter: { status: { equalTo: "waiting" } }) {
          nodes { id role createdAt person { id name } }
        }
      }
    }`,
    { id: groupId },
  );
  return {
    invited: (group?.invitations.nodes ?? []).map(invitedOf),
    links: (group?.invitationLinks.nodes ?? []).flatMap((link) =>
      link.revokedAt || new Date(link.expiresAt) < new Date() ? [] : [{ ...link, role: asRole(link.role) }],
    ),
    requests: (group?.membershipRequests.nodes ?? []).flatMap(({ person, role, ...row }) =>
      person ? [{ ...row, person, role: asRole(role) }] : [],
    ),
  };
}

export type NewLink = {
  groupId: string;
  role: Newcomer;
  expiresAt: string;
  maxUses: number | null;
  mailDomain: string | null;
  needsApproval: boolean;
};

export async function createInvitationLink(link: NewLink): Promise<void> {
  await mutate("createInvitationLink", { ...link, clientId: newId() });
}

export async function revokeInvitationLink(invitationLinkId: string): Promise<void> {
  await mutate("revokeInvitationLink", { invitationLinkId });
}

export async function decideRequest(membershipRequestId: string, approve: boolean): Promise<void> {
  await mutate(approve ? "approveMembership" : "declineMembership", { membershipRequestId });
}

export type Preview = { groupName: string; role: Role; needsApproval: boolean; mailDomain: string | null };

/** What an invitation link is good for; null when it does not work any more. */
export async function loadPreview(token: string): Promise<Preview | null> {
  const { invitationPreview: found } = await graphql<{
    invitationPreview: { [K in keyof Preview]: Preview[K] | null } | null;
  }>(
    `query Preview($token: String!) {
      invitationPreview(token: $token) { groupName role needsApproval mailDomain }
    }`,
    { token },
  );
  if (!found?.groupName) return null;
  const { groupName, role, needsApproval, mailDomain } = found;
  return { groupName, role: asRole(role ?? ""), needsApproval: needsApproval === true, mailDomain };
}

export type Joining = { groupId: string; groupName: string; status: "joined" | "waiting" };

/** Accepts an invitation link as the person who is signed in. */
export async function acceptInvitation(token: string): Promise<Joining> {
  const { result } = await mutate<{ result: Joining }>(
    "acceptInvitation",
    { token },
    "result { groupId groupName status }",
  );
  return result;
}

/** For whoever is not signed in: mails the way in. */
export async function askToJoin(token: string, email: string, name: string): Promise<void> {
  await mutate("askToJoin", { token, email, name });
}

function invitedOf({ role, ...row }: InvitedRow): Invited {
  return { ...row, role: asRole(role) };
}
