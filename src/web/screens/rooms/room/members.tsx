import { useEffect } from "react";
import type { Member, Role, Room } from "../../api/rooms.ts";
import type { Person } from "../../api/session.ts";
import { Avatar } from "../../parts/avatar.tsx";
import { CloseIcon } from "../../parts/icons.tsx";
import { InviteForm } from "./invite-form.tsx";

type MembersProps = {
  room: Room;
  person: Person;
  online: ReadonlySet<string>;
  onInvited: () => void;
  onClose: () => void;
};

export function Members({ room, person, online, onInvited, onClose }: MembersProps) {
  useEscape(onClose);
  const role = room.members.find(({ id }) => id === person.id)?.role;
  const mayInvite = room.kind === "class" && (role === "teacher" || role === "owner");
  return (
    <aside className="members" aria-label="Members">
      <header>
        <h2>
          Members <span className="count">{room.members.length}</span>
        </h2>
        <button type="button" className="icon-button" aria-label="Close members" onClick={onClose}>
          <CloseIcon />
        </button>
      </header>
      <ul>
        {room.members.map((member) => (
          <MemberRow
            key={member.id}
            member={member}
            own={member.id === person.id}
            online={online.has(member.id)}
          />
        ))}
      </ul>
      {mayInvite && <InviteForm room={room} onInvited={onInvited} />}
    </aside>
  );
}

function MemberRow({
  member: { id, name, role },
  own,
  online,
}: {
  member: Member;
  own: boolean;
  online: boolean;
}) {
  return (
    <li data-testid="member" data-person-id={id} data-online={online}>
      <span className="avatar-frame">
        <Avatar id={id} name={name} />
        <span className="dot" aria-hidden="true" />
      </span>
      <span className="member-name">
        {name}
        {own && " (you)"}
      </span>
      <span className="member-role">{ROLE_WORDS[role]}</span>
      <span className="visually-hidden">{online ? "online" : "offline"}</span>
    </li>
  );
}

const ROLE_WORDS: Record<Role, string> = {
  owner: "Owner",
  teacher: "Teacher",
  student: "Student",
  parent: "Parent",
  member: "Member",
};

function useEscape(close: () => void) {
  useEffect(() => {
    const closeOnEscape = (event: KeyboardEvent) => event.key === "Escape" && close();
    window.addEventListener("keydown", closeOnEscape);
    return () => window.removeEventListener("keydown", closeOnEscape);
  }, [close]);
}
