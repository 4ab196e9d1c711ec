import { useEffect, useState } from "react";
import { Confirm } from "../../parts/confirm.tsx";
import { Loading } from "../../parts/loading.tsx";
import { moment } from "../../parts/moments.ts";
import { Notice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Telling } from "../../parts/telling.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { type Announcement, loadSent, withdraw } from "./announce-api.ts";

const LOOK_AGAIN_MS = 2_000;

/** What one has announced, how far the telling is, and the way to take it back. */
export function SentAnnouncements() {
  const loaded = useLoad(loadSent);
  const { data, reload } = loaded;
  const [asking, setAsking] = useState<Announcement | null>(null);
  const going =
    data?.some(({ progress, withdrawnAt }) => !withdrawnAt && progress && !progress.finishedAt) ?? false;
  useEffect(() => {
    if (!going) return;
    const timer = setInterval(reload, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [going, reload]);
  return (
    <Page title="Your announcements" width="narrow" back={{ label: "Inbox", href: "/inbox" }}>
      <Loading of={loaded} what="your announcements">
        {(sent) =>
          sent.length === 0 ? (
            <Notice title="None yet">What you announce from the inbox is listed here.</Notice>
          ) : (
            sent.map((one) => <Sent key={one.id} announcement={one} onWithdraw={() => setAsking(one)} />)
          )
        }
      </Loading>
      {asking && (
        <Confirm
          title={`Take back “${asking.title}”?`}
          action="Take it back"
          danger
          run={() => withdraw(asking.id).then(reload)}
          onClose={() => setAsking(null)}
        >
          <p>What has not gone out is not sent, and what nobody has read vanishes from their inboxes.</p>
        </Confirm>
      )}
    </Page>
  );
}

function Sent({ announcement, onWithdraw }: { announcement: Announcement; onWithdraw: () => void }) {
  const { title, body, urgent, createdAt, notBefore, withdrawnAt, progress } = announcement;
  return (
    <article className="panel sent" aria-label={title}>
      <h2>
        {title} {urgent && <span className="chip bad">Urgent</span>}
        {withdrawnAt && <span className="chip">Taken back</span>}
      </h2>
      <p className="sent-body">{body}</p>
      <p className="soft small">
        {moment(createdAt)}
        {notBefore && ` · not before ${moment(notBefore)}`}
      </p>
      {progress && !withdrawnAt && <Telling {...progress} />}
      {!withdrawnAt && (
        <button type="button" className="button" onClick={onWithdraw}>
          Take back…<span className="visually-hidden"> {title}</span>
        </button>
      )}
    </article>
  );
}
