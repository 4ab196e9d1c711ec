import { useState } from "react";
import { loadMyGroups } from "../api/my-groups.ts";
import type { Person } from "../api/session.ts";
import { Page } from "../parts/page.tsx";
import { Link } from "../parts/router.tsx";
import type { Screen, ScreenProps } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { useToast } from "../parts/use-toast.tsx";
import { AnnounceDialog } from "./inbox/announce-dialog.tsx";
import { UnreadBadge } from "./inbox/badge.tsx";
import "./inbox/inbox.css";
import { NotificationList } from "./inbox/list.tsx";
import { SentAnnouncements } from "./inbox/sent.tsx";
import { InboxSettings } from "./inbox/settings.tsx";

export default {
  path: /^\/inbox(\/(?<part>settings|sent))?\/?$/,
  View: InboxScreen,
  nav: { label: "Inbox", href: "/inbox", order: 20, Badge: UnreadBadge },
} satisfies Screen;

function InboxScreen({ person, params: { part } }: ScreenProps) {
  if (part === "settings") return <InboxSettings />;
  if (part === "sent") return <SentAnnouncements />;
  return <InboxPage person={person} />;
}

function InboxPage({ person }: { person: Person }) {
  const { data: mine } = useLoad(loadMyGroups);
  const [announcing, setAnnouncing] = useState(false);
  const [say, toast] = useToast();
  const groups = mine?.staffGroups ?? [];
  return (
    <Page
      title="Inbox"
      width="narrow"
      actions={
        <>
          <Link className="button quiet" href="/inbox/settings">
            What reaches you
          </Link>
          {groups.length > 0 && (
            <>
              <Link className="button quiet" href="/inbox/sent">
                Announced
              </Link>
              <button type="button" className="button primary" onClick={() => setAnnouncing(true)}>
                Announce…
              </button>
            </>
          )}
        </>
      }
    >
      <NotificationList person={person} />
      {announcing && (
        <AnnounceDialog
          groups={groups}
          onClose={() => setAnnouncing(false)}
          onDone={() => {
            setAnnouncing(false);
            say("Announced: it is on its way.");
          }}
        />
      )}
      {toast}
    </Page>
  );
}
