import { Loading } from "../../parts/loading.tsx";
import { shortMoment } from "../../parts/moments.ts";
import { Notice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Link, navigate } from "../../parts/router.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { type CampaignRow, loadCampaigns } from "./api.ts";
import { STATES } from "./words.ts";

export function CampaignList() {
  const loaded = useLoad(loadCampaigns);
  return (
    <Page
      title="Campaigns"
      lead="One letter to many, with what each of them should read."
      actions={
        <Link className="button primary" href="/campaigns/new">
          New campaign
        </Link>
      }
    >
      <Loading of={loaded} what="campaigns">
        {(campaigns) =>
          campaigns.length > 0 ? (
            <Rows campaigns={campaigns} />
          ) : (
            <Notice
              title="No campaigns yet"
              action={{ label: "Write the first", run: () => navigate("/campaigns/new") }}
            >
              Remind of pledges, invite to the bazaar, thank those who gave.
            </Notice>
          )
        }
      </Loading>
    </Page>
  );
}

function Rows({ campaigns }: { campaigns: CampaignRow[] }) {
  return (
    <ul className="campaign-list">
      {campaigns.map(({ id, name, subject, state, alert, createdAt, sentAt, group }) => (
        <li key={id}>
          <Link href={`/campaigns/${id}`} data-testid="campaign">
            <span className="campaign-names">
              <strong>{name}</strong>
              <span className="soft">{subject}</span>
            </span>
            <span className="campaign-facts">
              <span className={`chip ${STATES[state].tone}`}>{STATES[state].word}</span>
              {alert && (
                <span className="chip bad">{alert === "warning" ? "bounces" : "too many bounces"}</span>
              )}
              <span className="soft small">
                {group?.name ?? "The community"} · {shortMoment(sentAt ?? createdAt)}
              </span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
