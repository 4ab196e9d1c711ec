import { useEffect, useState } from "react";
import { searchMessages } from "../../../api/message-acts.ts";
import type { StoredMessage } from "../../../api/messages.ts";
import { sayProblem } from "../../../api/problem.ts";
import { FoundMessage } from "./found-message.tsx";
import { useOpenRoom } from "./room-context.ts";
import { SidePanel } from "./side-panel.tsx";

const PATIENCE_MS = 250;

type Found = { query: string; messages: StoredMessage[]; problem: string };

export function SearchPanel({ onClose, onJump }: { onClose: () => void; onJump: () => void }) {
  const [query, setQuery] = useState("");
  const found = useSearch(query.trim());
  return (
    <SidePanel title="Search" name="Search" onClose={onClose}>
      <search>
        <input
          type="search"
          // biome-ignore lint/a11y/noAutofocus: whoever opens the search wants to type
          autoFocus
          data-testid="search"
          aria-label="Search in this room"
          placeholder="Words or parts of words"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      </search>
      <p className="side-note" role="status">
        {outcome(query.trim(), found)}
      </p>
      <ul>
        {found?.messages.map((message) => (
          <FoundMessage key={message.id} message={message} onJump={onJump} />
        ))}
      </ul>
    </SidePanel>
  );
}

function useSearch(query: string): Found | null {
  const { room } = useOpenRoom();
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    if (query.length < 2) return setFound(null);
    let over = false;
    const timer = setTimeout(() => {
      searchMessages(room.id, query).then(
        (messages) => !over && setFound({ query, messages, problem: "" }),
        (error: unknown) => !over && setFound({ query, messages: [], problem: sayProblem(error) }),
      );
    }, PATIENCE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [room.id, query]);
  return found;
}

function outcome(query: string, found: Found | null): string {
  if (query.length < 2) return "Type two characters or more.";
  if (!found) return "Searching…";
  if (found.problem) return found.problem;
  if (found.messages.length === 0) return `Nothing found for “${found.query}”.`;
  return found.messages.length === 1 ? "1 message" : `${found.messages.length} messages`;
}
