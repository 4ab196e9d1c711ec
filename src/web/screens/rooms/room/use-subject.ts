import { useCallback, useState } from "react";
import type { Quote } from "../../../api/messages.ts";
import { type Line, quoteOf } from "./lines.ts";

export type Subject = { replyTo: Quote | null; editing: Line | null };

const NOTHING: Subject = { replyTo: null, editing: null };

/** What the composer is about: a message to answer, one to change, or nothing before it. */
export function useSubject() {
  const [subject, setSubject] = useState<Subject>(NOTHING);
  // Threads are one level deep: an answer to an answer belongs to the first message.
  const reply = useCallback(
    (line: Line) => setSubject({ replyTo: line.replyTo ?? quoteOf(line), editing: null }),
    [],
  );
  const edit = useCallback((line: Line) => setSubject({ replyTo: null, editing: line }), []);
  const drop = useCallback(() => setSubject(NOTHING), []);
  return { ...subject, reply, edit, drop };
}
