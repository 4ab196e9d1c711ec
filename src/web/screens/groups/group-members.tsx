import { useState } from "react";
import {
  changeRole,
  type Group,
  type GroupMember,
  removeGuardian,
  removeMember,
  setMinor,
} from "../../api/groups.ts";
import type { Role } from "../../api/rooms.ts";
import type { Person } from "../../api/session.ts";
import { Avatar } from "../../parts/avatar.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { MoreIcon } from "../../parts/icons.tsx";
import { Menu, type MenuItem } from "../../parts/menu.tsx";
import { ROLE_WORDS } from "../../parts/roles.ts";
import { useAct } from "../../parts/use-act.ts";
import { GuardianDialog } from "./guardian-dialog.tsx";

type Common = { group: Group; person: Person; role: Role | undefined; onChanged: () => void };

export function GroupMembers({ group, person, role, onChanged }: Common) {
  return (
    <ul className="people">
      {group.members.map((member) => (
        <MemberRow
          key={member.membershipId}
          member={member}
          group={group}
          person={person}
          role={role}
          onChanged={onChanged}
        />
      ))}
    </ul>
  );
}

type Asked = "remove" | "guardian";

function MemberRow({ member, group, person, role, onChanged }: Common & { member: GroupMember }) {
  const { problem, run } = useAct();
  const [asked, setAsked] = useState<Asked | null>(null);
  const act = (work: () => Promise<void>) => void run(() => work().then(onChanged));
  const items = itemsFor(member, role, { act, ask: setAsked });
  return (
    <li data-testid="group-member">
      <Avatar id={member.personId} name={member.name} />
      <div className="people-words">
        <p>
          <strong>{member.name}</strong>
          {member.personId === person.id && " (you)"}
        </p>
        <p className="people-facts">
          {ROLE_WORDS[member.role]}
          {member.isMinor && " · minor"}
          {member.guardians.length > 0 &&
            ` · guardian: ${member.guardians.map(({ name }) => name).join(", ")}`}
        </p>
        <p className="problem" role="alert">
          {problem}
        </p>
      </div>
      {items.length > 0 && member.personId !== person.id && (
        <Menu label={`What to do with ${member.name}`} items={items}>
          <MoreIcon />
        </Menu>
      )}
      {asked === "remove" && (
        <Confirm
          title={`Take ${member.name} out of ${group.name}?`}
          action="Take out"
          danger
          run={() => removeMember(member.membershipId).then(onChanged)}
          onClose={() => setAsked(null)}
        >
          <p className="dialog-text">The person leaves the group and all its rooms at once.</p>
        </Confirm>
      )}
      {asked === "guardian" && (
        <GuardianDialog
          child={member}
          group={group}
          onClose={() => setAsked(null)}
          onDone={() => {
            setAsked(null);
            onChanged();
          }}
        />
      )}
    </li>
  );
}

type Hands = { act: (work: () => Promise<void>) => void; ask: (asked: Asked) => void };

function itemsFor(member: GroupMember, role: Role | undefined, { act, ask }: Hands): MenuItem[] {
  const owns = role === "owner";
  const manages = owns || (role === "teacher" && !["owner", "teacher"].includes(member.role));
  if (!manages) return [];
  const roles: Role[] = owns
    ? ["owner", "teacher", "student", "parent", "member"]
    : ["student", "parent", "member"];
  return [
    ...roles.map((role) => ({
      label: ROLE_WORDS[role],
      checked: role === member.role,
      run: () => act(() => changeRole(member.membershipId, role)),
    })),
    {
      label: "Counts as a minor",
      checked: member.isMinor,
      run: () => act(() => setMinor(member.personId, !member.isMinor)),
    },
    ...(member.role === "student" ? guardianItems(member, { act, ask }) : []),
    { label: "Take out of the group…", grave: true, run: () => ask("remove") },
  ];
}

function guardianItems(member: GroupMember, { act, ask }: Hands): MenuItem[] {
  return [
    { label: "Name a guardian…", run: () => ask("guardian") },
    ...member.guardians.map(({ guardianshipId, name }) => ({
      label: `${name} is no guardian`,
      run: () => act(() => removeGuardian(guardianshipId)),
    })),
  ];
}
