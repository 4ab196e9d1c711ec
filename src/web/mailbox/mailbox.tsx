import { useState } from "react";
import { Notice } from "../parts/notice.tsx";
import { usePlace } from "../parts/router.tsx";
import { LetterList } from "./letter-list.tsx";
import { LetterPane } from "./letter-pane.tsx";
import { useLetters } from "./use-letters.ts";

/** The letters beside the open one on wide screens; one or the other on a phone. */
export function Mailbox() {
  const [text, setText] = useState("");
  const [stream, setStream] = useState("");
  const letters = useLetters(text, stream);
  const selected = usePlace().query.get("letter");
  const version = letters.letters?.find(({ id }) => id === selected)?.happened.join();
  return (
    <main className={`mailbox ${selected ? "in-letter" : "in-list"}`}>
      {!selected && <title>Mailbox</title>}
      <LetterList
        {...letters}
        selected={selected}
        text={text}
        onText={setText}
        stream={stream}
        onStream={setStream}
      />
      <section className="letter-pane" aria-label="Letter">
        {selected ? (
          <LetterPane key={selected} id={selected} version={version} />
        ) : (
          <Notice title="No letter open">Choose one from the list. New letters appear by themselves.</Notice>
        )}
      </section>
    </main>
  );
}
