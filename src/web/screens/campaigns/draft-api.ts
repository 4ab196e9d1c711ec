import { graphql } from "../../api/graphql.ts";
import type { OwnTag } from "./api.ts";

export type Draft = {
  name: string;
  subject: string;
  body: string;
  audienceGroupIds: string[];
  audienceRoles: string[];
  purpose: string;
  currency: string | null;
  dueOn: string | null;
  tags: OwnTag[];
};

/** The id of the new draft. */
export async function createDraft(
  draft: Pick<Draft, "name" | "subject" | "body">,
  groupId: string | null,
  clientId: string,
): Promise<string> {
  const { createCampaign } = await graphql<{ createCampaign: { result: { id: string } } }>(
    `mutation CreateCampaign($input: CreateCampaignInput!) { createCampaign(input: $input) { result { id } } }`,
    { input: { ...draft, groupId, clientId } },
  );
  return createCampaign.result.id;
}

export async function saveDraft(campaignId: string, draft: Draft): Promise<void> {
  await graphql(
    `mutation UpdateCampaign($input: UpdateCampaignInput!) { updateCampaign(input: $input) { result { id } } }`,
    { input: { campaignId, ...draft } },
  );
}

/** One letter to oneself. */
export async function sendTest(campaignId: string, clientId: string): Promise<void> {
  await graphql(
    `mutation TestCampaign($input: TestCampaignInput!) { testCampaign(input: $input) { result { id } } }`,
    { input: { campaignId, clientId } },
  );
}

export type Sample = {
  sample: string;
  personId: string;
  name: string;
  subject: string;
  html: string;
  text: string;
  skippedBecause: string | null;
  missingTags: string[];
};
export type Forecast = {
  audience: number;
  recipients: number;
  skipped: Record<string, number>;
  inChunks: boolean;
  minutes: number;
};
export type Outlook = { samples: Sample[]; forecast: Forecast };

/** The letter as the worst cases would get it, and how many would get it at all. */
export async function loadOutlook(campaignId: string): Promise<Outlook> {
  const { previewCampaign, campaignForecast } = await graphql<{
    previewCampaign: { nodes: Sample[] };
    campaignForecast: Forecast;
  }>(
    `query Outlook($campaignId: UUID!) {
      previewCampaign(campaignId: $campaignId) {
        nodes { sample personId name subject html text skippedBecause missingTags }
      }
      campaignForecast(campaignId: $campaignId) { audience recipients skipped inChunks minutes }
    }`,
    { campaignId },
  );
  return { samples: previewCampaign.nodes, forecast: campaignForecast };
}
