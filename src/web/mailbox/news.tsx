import { useEffect, useRef, useState } from "react";
import type { ListedLetter } from "./api.ts";

/** Says aloud that a letter has come, for those who do not see the list grow. */
export function News({ letters }: { letters: ListedLetter[] }) {
  const [words, setWords] = useState("");
  const known = useRef<number | null>(null);
  const newest = letters[0];
  useEffect(() => {
    if (known.current !== null && newest && newest.position > known.current)
      setWords(`New letter to ${newest.to[0]?.Email}: ${newest.subject}`);
    known.current = newest?.position ?? 0;
  }, [newest]);
  return (
    <p className="visually-hidden" role="status" data-testid="news">
      {words}
    </p>
  );
}
