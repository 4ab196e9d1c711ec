import { useState } from "react";
import { useConfig } from "../api/config.ts";
import type { Stream } from "../api/letters.ts";
import { Notice } from "../parts/notice.tsx";
import { usePlace } from "../parts/router.tsx";
import type { Screen } from "../parts/screen.ts";
import { LetterList } from "./mailbox/letter-list.tsx";
import { LetterPane } from "./mailbox/letter-pane.tsx";
import { useLetters } from "./mailbox/use-letters.ts";

export default {
  path: /^\/mailbox$/,
  open: true,
  View: MailboxScreen,
  nav: {
    label: "Mailbox",
    href: "/mailbox",
    order: 90,
    open: true,
    useShown: () => useConfig()?.mailbox ?? false,
  },
} satisfies Screen;

function MailboxScreen() {
  const config = useConfig();
  if (!config) return <Notice busy>Opening the mailbox…</Notice>;
  if (config.mailbox) return <Mailbox />;
  return (
    <Notice title="No mailbox here">
      This server sends real mail; only a development server keeps a mailbox.
    </Notice>
  );
}

/** The letters beside the open one on wide screens; one or the other on a phone. */
function Mailbox() {
  const [stream, setStream] = useState<Stream>("outbound");
  const [recipient, setRecipient] = useState("");
  const letters = useLetters(stream, recipient);
  const selected = usePlace().query.get("letter");
  return (
    <main className={`mailbox ${selected ? "in-letter" : "in-list"}`}>
      <title>Mailbox · Howdah</title>
      <LetterList
        {...letters}
        selected={selected}
        stream={stream}
        onStream={setStream}
        recipient={recipient}
        onRecipient={setRecipient}
      />
      <section className="letter-pane" aria-label="Letter">
        {selected ? (
          <LetterPane key={selected} id={selected} />
        ) : (
          <Notice title="No letter open">Choose one from the list. New letters appear by themselves.</Notice>
        )}
      </section>
    </main>
  );
}
