import { Members } from "./members.tsx";
import { ModerationPanel } from "./moderation-panel.tsx";
import { PinnedPanel } from "./pinned-panel.tsx";
import type { Panel } from "./room-header.tsx";
import { SearchPanel } from "./search-panel.tsx";

type RoomPanelProps = {
  panel: Panel;
  online: ReadonlySet<string>;
  onChanged: () => void;
  onClose: () => void;
  /** A message was chosen: on a phone the panel makes way for it. */
  onJump: () => void;
};

export function RoomPanel({ panel, online, onChanged, onClose, onJump }: RoomPanelProps) {
  if (panel === "search") return <SearchPanel onClose={onClose} onJump={onJump} />;
  if (panel === "pinned") return <PinnedPanel onClose={onClose} onJump={onJump} />;
  if (panel === "moderation") return <ModerationPanel onClose={onClose} onJump={onJump} />;
  return <Members online={online} onChanged={onChanged} onClose={onClose} />;
}
