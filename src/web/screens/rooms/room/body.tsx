import { Prose } from "../../../parts/prose.tsx";
import { partsOf } from "./mentions.ts";

/** The words of a message; who is mentioned stands out, oneself most of all. */
export function Body({ text, personId }: { text: string; personId: string }) {
  return partsOf(text).map(({ text, mention }, index) =>
    mention ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
      <span key={index} className={`mention ${isMe(mention, personId) ? "me" : ""}`}>
        {text}
      </span>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
      <Prose key={index} text={text} />
    ),
  );
}

function isMe(mention: string, personId: string): boolean {
  return mention === "room" || mention === personId;
}
