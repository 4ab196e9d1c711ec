import type { CSSProperties } from "react";

type AvatarProps = { id: string; name: string };

/** Initials on a colour of the person's own. Decoration only: the name stands beside it. */
export function Avatar({ id, name }: AvatarProps) {
  return (
    <span className="avatar" style={{ "--hue": hueOf(id) } as CSSProperties} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const [first = "?", last = ""] = words.length > 1 ? [words[0], words.at(-1)] : words;
  return [first, last].map((word) => [...word][0] ?? "").join("");
}

function hueOf(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 3600;
  return Math.round(sum / 10);
}
