import { useCallback } from "react";
import { loadMyGroups, type MyGroups } from "../api/my-groups.ts";
import { useIsStaff } from "../api/use-is-staff.ts";
import { Loading } from "../parts/loading.tsx";
import type { Screen, ScreenProps } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { loadCampaign } from "./campaigns/api.ts";
import "./campaigns/campaigns.css";
import { Editor } from "./campaigns/editor.tsx";
import { CampaignList } from "./campaigns/list.tsx";
import { NewCampaign } from "./campaigns/new-campaign.tsx";
import { Report } from "./campaigns/report.tsx";

export default {
  path: /^\/campaigns(\/(?<campaignId>[^/]+))?\/?$/,
  View: CampaignsScreen,
  nav: { label: "Campaigns", href: "/campaigns", order: 50, useShown: useIsStaff },
} satisfies Screen;

function CampaignsScreen({ params: { campaignId } }: ScreenProps) {
  const groups = useLoad(loadMyGroups);
  if (!campaignId) return <CampaignList />;
  return (
    <Loading of={groups} what="the campaign">
      {(mine) =>
        campaignId === "new" ? (
          <NewCampaign mine={mine} />
        ) : (
          <OneCampaign key={campaignId} id={campaignId} mine={mine} />
        )
      }
    </Loading>
  );
}

/** A draft is edited; what was sent is reported on. */
function OneCampaign({ id, mine }: { id: string; mine: MyGroups }) {
  const load = useCallback(() => loadCampaign(id), [id]);
  const loaded = useLoad(load);
  return (
    <Loading of={loaded} what="the campaign">
      {(campaign) =>
        campaign.state === "draft" ? (
          <Editor campaign={campaign} mine={mine} onSent={loaded.reload} />
        ) : (
          <Report campaign={campaign} />
        )
      }
    </Loading>
  );
}
