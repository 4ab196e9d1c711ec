import "../styles/groups.css";
import { useCallback, useState } from "react";
import { loadOwnGroups, type OwnGroup } from "../api/groups.ts";
import { PlusIcon } from "../parts/icons.tsx";
import { Notice } from "../parts/notice.tsx";
import { ROLE_WORDS } from "../parts/roles.ts";
import { Link, navigate, Redirect } from "../parts/router.tsx";
import type { Screen, ScreenProps } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { TWO_PANES, useWide } from "../parts/use-wide.ts";
import { GroupDialog } from "./groups/group-dialog.tsx";
import { GroupPane } from "./groups/group-pane.tsx";

export default {
  path: /^\/groups(\/(?<groupId>[^/]+)\/?)?$/,
  View: GroupsScreen,
  nav: { label: "Groups", href: "/groups", order: 60 },
} satisfies Screen;

/** The groups beside the open one on wide screens; one or the other on a phone. */
function GroupsScreen({ person, params: { groupId } }: ScreenProps) {
  const load = useCallback(() => loadOwnGroups(person.id), [person.id]);
  const { data: groups, problem, reload } = useLoad(load);
  const [making, setMaking] = useState(false);
  const wide = useWide(TWO_PANES);
  const first = groups?.[0];
  const Title = groupId ? "h2" : "h1"; // the open group has the first heading
  return (
    <div className={`groups ${groupId ? "in-group" : "in-list"}`}>
      {!groupId && <title>Groups · Howdah</title>}
      {!groupId && wide && first && <Redirect to={`/groups/${first.id}`} />}
      <aside className="group-list" aria-label="Groups">
        <header>
          <Title className="list-title">Groups</Title>
          <button
            type="button"
            className="icon-button"
            aria-label="New group"
            title="New group"
            onClick={() => setMaking(true)}
          >
            <PlusIcon />
          </button>
        </header>
        {!groups && !problem && <Notice busy>Loading your groups…</Notice>}
        {!groups && problem && <Notice action={{ label: "Try again", run: reload }}>{problem}</Notice>}
        {groups?.length === 0 && (
          <Notice title="No groups yet">Make one, or wait until somebody invites you.</Notice>
        )}
        <ul>
          {groups?.map((group) => (
            <GroupRow key={group.id} group={group} open={group.id === groupId} />
          ))}
        </ul>
      </aside>
      <main className="group-pane">
        {groupId && <GroupPane key={groupId} groupId={groupId} person={person} onChanged={reload} />}
      </main>
      {making && (
        <GroupDialog
          onClose={() => setMaking(false)}
          onDone={(id) => {
            setMaking(false);
            reload();
            navigate(`/groups/${id}`);
          }}
        />
      )}
    </div>
  );
}

function GroupRow({ group: { id, name, kind, role, archived }, open }: { group: OwnGroup; open: boolean }) {
  return (
    <li>
      <Link href={`/groups/${id}`} aria-current={open ? "page" : undefined} data-testid="group">
        <strong>{name}</strong>
        <span>
          {archived ? "archived " : ""}
          {kind} · {ROLE_WORDS[role]}
        </span>
      </Link>
    </li>
  );
}
