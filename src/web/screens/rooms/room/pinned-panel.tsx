import { useCallback } from "react";
import { loadPinned } from "../../../api/message-acts.ts";
import { Notice } from "../../../parts/notice.tsx";
import { useLoad } from "../../../parts/use-load.ts";
import { FoundMessage } from "./found-message.tsx";
import { useOpenRoom } from "./room-context.ts";
import { SidePanel } from "./side-panel.tsx";

export function PinnedPanel({ onClose, onJump }: { onClose: () => void; onJump: () => void }) {
  const { room } = useOpenRoom();
  const load = useCallback(() => loadPinned(room.id), [room.id]);
  const { data: messages, problem, reload } = useLoad(load);
  return (
    <SidePanel title="Pinned messages" name="Pinned messages" onClose={onClose}>
      {!messages && !problem && <Notice busy>Loading…</Notice>}
      {problem && <Notice action={{ label: "Try again", run: reload }}>{problem}</Notice>}
      {messages?.length === 0 && <p className="side-note">Nothing is pinned in this room.</p>}
      <ul>
        {messages?.map((message) => (
          <FoundMessage key={message.id} message={message} onJump={onJump} />
        ))}
      </ul>
    </SidePanel>
  );
}
