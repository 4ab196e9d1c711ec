import { useState } from "react";
import { leaveRoom, muteRoom, setInvolvement } from "../../../api/room-acts.ts";
import { MoreIcon } from "../../../parts/icons.tsx";
import { Menu, type MenuItem } from "../../../parts/menu.tsx";
import { navigate } from "../../../parts/router.tsx";
import { isMuted, roomsOf } from "../list/rooms-store.ts";
import { useOpenRoom } from "./room-context.ts";
import type { Panel } from "./room-header.tsx";
import { RoomSettings } from "./room-settings.tsx";

const FAR_AWAY = new Date("9999-01-01T00:00:00Z");

type RoomMenuProps = { onPanel: (panel: Panel) => void; onChanged: () => void };

export function RoomMenu({ onPanel, onChanged }: RoomMenuProps) {
  const { room, person, fail } = useOpenRoom();
  const [settings, setSettings] = useState(false);
  const { standing } = room;
  if (!standing) return null;

  const act = (work: Promise<void>) => {
    work.then(() => {
      onChanged();
      void roomsOf(person.id).reload();
    }, fail);
  };
  const leave = () => {
    leaveRoom(room.id).then(() => {
      void roomsOf(person.id).reload();
      navigate("/");
    }, fail);
  };

  const muted = isMuted(standing);
  const everything = standing.involvement === "everything";
  const items: (MenuItem | false)[] = [
    { label: "Pinned messages", run: () => onPanel("pinned") },
    {
      label: "Mute this room",
      checked: muted,
      run: () => act(muteRoom(room.id, muted ? null : FAR_AWAY)),
    },
    room.kind !== "direct" && {
      label: "Tell me of every message",
      checked: everything,
      run: () => act(setInvolvement(room.id, everything ? "mentions" : "everything")),
    },
    standing.mayModerate && { label: "Reports and acts of staff", run: () => onPanel("moderation") },
    standing.mayModerate &&
      room.kind !== "direct" && { label: "Settings of the room…", run: () => setSettings(true) },
    !room.includesGroup && room.kind !== "direct" && { label: "Leave the room", grave: true, run: leave },
  ];
  return (
    <>
      <Menu label="More about this room" items={items.filter((item) => item !== false)}>
        <MoreIcon />
      </Menu>
      {settings && <RoomSettings onClose={() => setSettings(false)} onChanged={onChanged} />}
    </>
  );
}
