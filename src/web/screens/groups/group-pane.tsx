import { useCallback, useState } from "react";
import { archiveGroup, type Group, leaveGroup, loadGroup } from "../../api/groups.ts";
import { loadWaiting } from "../../api/invitations.ts";
import type { Person } from "../../api/session.ts";
import { BackIcon, MoreIcon } from "../../parts/icons.tsx";
import { Menu, type MenuItem } from "../../parts/menu.tsx";
import { Notice } from "../../parts/notice.tsx";
import { plural } from "../../parts/plural.ts";
import { Link, navigate } from "../../parts/router.tsx";
import { type Tab, Tabs } from "../../parts/tabs.tsx";
import { useAct } from "../../parts/use-act.ts";
import { useLoad } from "../../parts/use-load.ts";
import { GroupDialog } from "./group-dialog.tsx";
import { GroupMembers } from "./group-members.tsx";
import { InviteTab } from "./invite-tab.tsx";
import { ListTab } from "./list-tab.tsx";
import { RequestsTab } from "./requests-tab.tsx";

type GroupPaneProps = { groupId: string; person: Person; onChanged: () => void };

export function GroupPane({ groupId, person, onChanged }: GroupPaneProps) {
  const load = useCallback(() => loadGroup(groupId), [groupId]);
  const { data: group, problem, reload } = useLoad(load);
  if (!group && problem) return <Notice action={{ label: "Try again", run: reload }}>{problem}</Notice>;
  if (!group) return <Notice busy>Opening the group…</Notice>;
  const changed = () => {
    reload();
    onChanged();
  };
  return <OpenGroup group={group} person={person} onChanged={changed} />;
}

type OpenGroupProps = { group: Group; person: Person; onChanged: () => void };

function OpenGroup({ group, person, onChanged }: OpenGroupProps) {
  const [shown, setShown] = useState("members");
  const role = group.members.find(({ personId }) => personId === person.id)?.role;
  const staff = role === "owner" || role === "teacher";
  const load = useCallback(
    async () => (staff ? loadWaiting(group.id) : { invited: [], links: [], requests: [] }),
    [staff, group.id],
  );
  const { data: waiting, reload } = useLoad(load);
  const changed = () => {
    reload();
    onChanged();
  };

  const members = <GroupMembers group={group} person={person} role={role} onChanged={changed} />;
  const tabs: Tab[] = [{ id: "members", label: `Members ${group.members.length}`, panel: members }];
  if (staff && waiting) {
    const { requests, invited } = waiting;
    tabs.push({
      id: "invite",
      label: invited.length > 0 ? `Invite · ${invited.length} on the way` : "Invite",
      panel: <InviteTab group={group} waiting={waiting} onChanged={changed} />,
    });
    tabs.push({ id: "list", label: "A whole list", panel: <ListTab group={group} onChanged={changed} /> });
    tabs.push({
      id: "requests",
      label: requests.length > 0 ? `Requests ${requests.length}` : "Requests",
      panel: <RequestsTab requests={requests} onChanged={changed} />,
    });
  }
  return (
    <div className="group">
      <title>{`${group.name} · Howdah`}</title>
      <GroupHead group={group} owns={role === "owner"} onChanged={changed} />
      {tabs.length > 1 ? (
        <Tabs label={group.name} tabs={tabs} shown={shown} onShow={setShown} />
      ) : (
        <div className="tab-panel">{members}</div>
      )}
    </div>
  );
}

type GroupHeadProps = { group: Group; owns: boolean; onChanged: () => void };

function GroupHead({ group, owns, onChanged }: GroupHeadProps) {
  const { problem, run } = useAct();
  const [changing, setChanging] = useState(false);
  const items: (MenuItem | false)[] = [
    owns && { label: "Change…", run: () => setChanging(true) },
    owns && {
      label: group.archived ? "Take up again" : "Archive",
      run: () => void run(() => archiveGroup(group.id, !group.archived).then(onChanged)),
    },
    {
      label: "Leave the group",
      grave: true,
      run: () =>
        void run(async () => {
          await leaveGroup(group.id);
          navigate("/groups");
          onChanged();
        }),
    },
  ];
  return (
    <header className="group-head">
      <Link href="/groups" className="icon-button back" aria-label="Back to groups">
        <BackIcon />
      </Link>
      <div>
        <h1 data-testid="group-title">{group.name}</h1>
        <p>
          {group.archived && <span className="badge">archived</span>}
          {[group.kind, plural(group.members.length, "person", "people")].join(" · ")}
        </p>
        {group.description && <p>{group.description}</p>}
        <p className="problem" role="alert">
          {problem}
        </p>
      </div>
      <Menu label="More about this group" items={items.filter((item) => item !== false)}>
        <MoreIcon />
      </Menu>
      {changing && (
        <GroupDialog
          group={group}
          onClose={() => setChanging(false)}
          onDone={() => {
            setChanging(false);
            onChanged();
          }}
        />
      )}
    </header>
  );
}
