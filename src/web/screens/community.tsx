import { loadMyGroups } from "../api/my-groups.ts";
import { Loading } from "../parts/loading.tsx";
import { Notice } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import type { Screen } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { useToast } from "../parts/use-toast.tsx";
import { loadCommunity } from "./community/api.ts";
import { CommunityForm } from "./community/community-form.tsx";
import "./community/community.css";

export default {
  path: /^\/community\/?$/,
  View: CommunityScreen,
} satisfies Screen;

/** What holds for everybody; for the owners. */
function CommunityScreen() {
  const loaded = useLoad(loadAll);
  const [say, toast] = useToast();
  return (
    <Page
      title="Community"
      lead="What holds for everybody here."
      width="narrow"
      back={{ label: "You", href: "/settings" }}
    >
      <Loading of={loaded} what="the settings of the community">
        {({ community, mine }) =>
          mine.runsCommunity ? (
            <CommunityForm community={community} say={say} />
          ) : (
            <Notice title="For the owners">Only owners of the community can change its settings.</Notice>
          )
        }
      </Loading>
      {toast}
    </Page>
  );
}

async function loadAll() {
  const [community, mine] = await Promise.all([loadCommunity(), loadMyGroups()]);
  return { community, mine };
}
