import { pin, unhideMessage } from "../../../api/message-acts.ts";
import { openDirect } from "../../../api/room-acts.ts";
import { MoreIcon, ReplyIcon, SmileIcon } from "../../../parts/icons.tsx";
import { Menu, type MenuItem } from "../../../parts/menu.tsx";
import { navigate } from "../../../parts/router.tsx";
import type { Line } from "./lines.ts";
import { plainWords } from "./mentions.ts";
import { useReact } from "./reactions.tsx";
import { type OpenRoom, useOpenRoom } from "./room-context.ts";

const EMOJI = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
const EDITABLE_MS = 24 * 3_600_000;

/** What can be done with a message, beside it. */
export function MessageTools({ line, own }: { line: Line; own: boolean }) {
  const open = useOpenRoom();
  const reactWith = useReact(line);
  const items = itemsFor(line, own, open);
  const mayWrite = open.room.standing?.mayWrite ?? false;
  return (
    <div className="message-tools" data-testid="message-tools">
      {!line.removed && (
        <Menu
          label="React"
          items={[]}
          row={EMOJI.map((emoji) => ({ label: emoji, run: () => reactWith(emoji) }))}
        >
          <SmileIcon />
        </Menu>
      )}
      {!line.removed && mayWrite && (
        <button
          type="button"
          className="icon-button"
          aria-label="Reply"
          title="Reply"
          onClick={() => open.reply(line)}
        >
          <ReplyIcon />
        </button>
      )}
      {items.length > 0 && (
        <Menu label="More about this message" items={items}>
          <MoreIcon />
        </Menu>
      )}
    </div>
  );
}

function itemsFor(line: Line, own: boolean, open: OpenRoom): MenuItem[] {
  const staff = open.room.standing?.mayModerate ?? false;
  const items: (MenuItem | false)[] = line.removed
    ? [staff && line.removed === "hidden" && unhide(line, open)]
    : [
        ...wordItems(line, own, open),
        (staff || open.room.kind === "direct") && pinItem(line, open),
        !own && open.room.kind !== "direct" && writeTo(line, open),
        !own && ask("Report…", "report", line, open),
        !own && staff && ask("Hide…", "hide", line, open),
        !own && staff && ask(`Ban ${line.senderName}…`, "ban", line, open),
        (own || staff) && ask("Delete…", "delete", line, open),
      ];
  return items.filter((item) => item !== false);
}

function wordItems(line: Line, own: boolean, open: OpenRoom): (MenuItem | false)[] {
  const fresh = Date.now() - Date.parse(line.createdAt) < EDITABLE_MS;
  return [
    own && fresh && (open.room.standing?.mayWrite ?? false) && { label: "Edit", run: () => open.edit(line) },
    { label: "Copy the words", run: () => void navigator.clipboard?.writeText(plainWords(line.body)) },
  ];
}

function ask(
  label: string,
  what: "report" | "hide" | "ban" | "delete",
  line: Line,
  open: OpenRoom,
): MenuItem {
  return { label, grave: what !== "report", run: () => open.ask({ what, line }) };
}

function pinItem({ id = "", pinned }: Line, { conversation, fail }: OpenRoom): MenuItem {
  const run = () => {
    pin(id, !pinned).then(
      () => conversation.hear(pinned ? "message-unpinned" : "message-pinned", { id }),
      fail,
    );
  };
  return { label: pinned ? "Unpin" : "Pin", run };
}

function unhide({ id = "" }: Line, { conversation, fail }: OpenRoom): MenuItem {
  const run = () => void unhideMessage(id).then(() => conversation.refresh(id), fail);
  return { label: "Show it again", run };
}

function writeTo({ senderId, senderName }: Line, { fail }: OpenRoom): MenuItem | false {
  if (!senderId) return false;
  const run = () => void openDirect([senderId]).then((id) => navigate(`/rooms/${id}`), fail);
  return { label: `Write to ${senderName}`, run };
}
