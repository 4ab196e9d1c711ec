import { openDirect, removeFromRoom } from "../../../api/room-acts.ts";
import type { Member } from "../../../api/rooms.ts";
import { Avatar } from "../../../parts/avatar.tsx";
import { MoreIcon } from "../../../parts/icons.tsx";
import { Menu, type MenuItem } from "../../../parts/menu.tsx";
import { ROLE_WORDS } from "../../../parts/roles.ts";
import { navigate } from "../../../parts/router.tsx";
import { AddPeople } from "./add-people.tsx";
import { InviteForm } from "./invite-form.tsx";
import { useOpenRoom } from "./room-context.ts";
import { SidePanel } from "./side-panel.tsx";

type MembersProps = { online: ReadonlySet<string>; onChanged: () => void; onClose: () => void };

export function Members({ online, onChanged, onClose }: MembersProps) {
  const { room, person } = useOpenRoom();
  const role = room.members.find(({ id }) => id === person.id)?.role;
  const mayInvite = room.includesGroup && (role === "teacher" || role === "owner");
  const mayAdd = !room.includesGroup && room.kind !== "direct" && room.standing?.mayModerate;
  const title = (
    <>
      Members <span className="count">{room.memberCount}</span>
    </>
  );
  return (
    <SidePanel title={title} name="Members" onClose={onClose}>
      <ul className="members">
        {room.members.map((member) => (
          <MemberRow key={member.id} member={member} online={online.has(member.id)} onChanged={onChanged} />
        ))}
      </ul>
      {mayAdd && <AddPeople onAdded={onChanged} />}
      {mayInvite && <InviteForm room={room} onInvited={onChanged} />}
    </SidePanel>
  );
}

type MemberRowProps = { member: Member; online: boolean; onChanged: () => void };

function MemberRow({ member: { id, name, role }, online, onChanged }: MemberRowProps) {
  const { person, room } = useOpenRoom();
  const own = id === person.id;
  return (
    <li data-testid="member" data-person-id={id} data-online={online}>
      <span className="avatar-frame">
        <Avatar id={id} name={name} />
        <span className="dot" aria-hidden="true" />
      </span>
      <span className="member-name">
        {name}
        {own && " (you)"}
        <span className="member-role">
          {room.groupId ? ROLE_WORDS[role] : ""}
          <span className={room.groupId ? "" : "only"}>{online ? "online" : "offline"}</span>
        </span>
      </span>
      {!own && <MemberMenu id={id} name={name} onChanged={onChanged} />}
    </li>
  );
}

function MemberMenu({ id, name, onChanged }: { id: string; name: string; onChanged: () => void }) {
  const { room, fail } = useOpenRoom();
  const mayRemove = !room.includesGroup && room.kind !== "direct" && room.standing?.mayModerate;
  const items: (MenuItem | false)[] = [
    room.kind !== "direct" && {
      label: `Write to ${name}`,
      run: () => void openDirect([id]).then((roomId) => navigate(`/rooms/${roomId}`), fail),
    },
    Boolean(mayRemove) && {
      label: "Take out of the room",
      grave: true,
      run: () => void removeFromRoom(room.id, id).then(onChanged, fail),
    },
  ];
  const shown = items.filter((item) => item !== false);
  if (shown.length === 0) return null;
  return (
    <Menu label={`What to do with ${name}`} items={shown}>
      <MoreIcon />
    </Menu>
  );
}
