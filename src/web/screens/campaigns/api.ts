import { graphql, mutate } from "../../api/graphql.ts";
import { allNodes, PAGE_INFO, type PageOf } from "../../api/pages.ts";
import { Problem } from "../../api/problem.ts";

export type State = "draft" | "preparing" | "sending" | "paused" | "sent" | "cancelled";
export type TagType = "text" | "number" | "money" | "date";
export type OwnTag = { name: string; type: TagType; defaultValue: string | null };
/** That too many letters of a campaign bounce or are called spam. */
export type Alert = "warning" | "paused" | "alarm";
export type CampaignRow = {
  id: string;
  name: string;
  subject: string;
  state: State;
  createdAt: string;
  sentAt: string | null;
  alert: Alert | null;
  alertReason: string | null;
  group: { id: string; name: string } | null;
};
export type Campaign = CampaignRow & {
  body: string;
  groupId: string | null;
  audienceGroupIds: string[];
  audienceRoles: string[];
  purpose: string | null;
  currency: string | null;
  dueOn: string | null;
  inChunks: boolean;
  follows: { id: string; name: string } | null;
  followsState: string | null;
  mergeTags: { nodes: OwnTag[] };
};

const ROW = "id name subject state createdAt sentAt alert alertReason group { id name }";

export async function loadCampaigns(): Promise<CampaignRow[]> {
  const { campaigns } = await graphql<{ campaigns: { nodes: CampaignRow[] } }>(
    `query Campaigns { campaigns(first: 100, orderBy: CREATED_AT_DESC) { nodes { ${ROW} } } }`,
  );
  return campaigns.nodes;
}

export async function loadCampaign(id: string): Promise<Campaign> {
  const { campaign } = await graphql<{ campaign: Campaign | null }>(
    `query Campaign($id: UUID!) {
      campaign(id: $id) {
        ${ROW} body groupId audienceGroupIds audienceRoles purpose currency dueOn inChunks followsState
        follows { id name }
        mergeTags { nodes { name type defaultValue } }
      }
    }`,
    { id },
  );
  if (!campaign)
    throw new Problem("HW404", "This campaign does not exist, or you are not staff of its group.", 404);
  return campaign;
}

export type Act = "sendCampaign" | "pauseCampaign" | "resumeCampaign" | "cancelCampaign";

export async function act(what: Act, campaignId: string): Promise<void> {
  await mutate(what, { campaignId });
}

/** Sends on what an alert has stopped; only what bounces from now on counts. */
export async function resumeDespiteAlert(campaignId: string): Promise<void> {
  await mutate("resumeCampaign", { campaignId, despiteAlert: true });
}

/** The draft of a letter to those whom this one has not reached; its id. */
export async function followUp(campaignId: string, clientId: string, state: string): Promise<string> {
  const { resendCampaign } = await graphql<{ resendCampaign: { result: { id: string } } }>(
    `mutation FollowUp($input: ResendCampaignInput!) { resendCampaign(input: $input) { result { id } } }`,
    { input: { campaignId, clientId, state } },
  );
  return resendCampaign.result.id;
}

export type Counts = Record<
  | "queued"
  | "suppressed"
  | "accepted"
  | "delivered"
  | "bounced"
  | "complained"
  | "opened"
  | "clicked"
  | "unsubscribed"
  | "undecided"
  | "cancelled"
  | "failed"
  | "notReceived"
  | "notSeen",
  number
>;
export type Board = Counts & { audience: number; suppressedBecause: Record<string, number> };

export async function loadBoard(campaignId: string): Promise<Board> {
  const { campaignBoard } = await graphql<{ campaignBoard: Board }>(
    `query Board($campaignId: UUID!) {
      campaignBoard(campaignId: $campaignId) {
        audience queued suppressed suppressedBecause accepted delivered bounced complained opened clicked unsubscribed
        undecided cancelled failed notReceived notSeen
      }
    }`,
    { campaignId },
  );
  return campaignBoard;
}

export type Recipient = {
  id: string;
  person: { id: string; name: string } | null;
  outcome: string;
  reason: string | null;
  missingTags: string[];
};

/** Those of a campaign who are in a state of the board, such as not-seen; all without one. */
export function loadRecipients(campaignId: string, state: string | null): Promise<Recipient[]> {
  return allNodes(async (after) => {
    const { campaignRecipients } = await graphql<{ campaignRecipients: PageOf<Recipient> }>(
      `query Recipients($campaignId: UUID!, $state: String, $after: Cursor) {
        campaignRecipients(campaignId: $campaignId, state: $state, first: 100, after: $after) {
          nodes { id person { id name } outcome reason missingTags } ${PAGE_INFO}
        }
      }`,
      { campaignId, state, after },
    );
    return campaignRecipients;
  });
}
