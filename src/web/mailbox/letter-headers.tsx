import type { Letter } from "./api.ts";

/** What stands above the letter, and what Postmark alone knows of it. */
export function LetterHeaders({ letter: { raw, id, stream, tag, metadata } }: { letter: Letter }) {
  const postmark: [string, string][] = [
    ["MessageID", id],
    ["Stream", stream],
    ["Tag", tag ?? ""],
  ];
  return (
    <div className="letter-facts">
      <Facts title="Headers" facts={headersOf(raw)} />
      <Facts title="At Postmark" facts={postmark.filter(([, value]) => value)} />
      {Object.keys(metadata).length > 0 && <Facts title="Metadata" facts={Object.entries(metadata)} />}
    </div>
  );
}

function Facts({ title, facts }: { title: string; facts: [string, string][] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {facts.map(([name, value], at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a header may stand there twice, and the list never changes
          <div key={`${name} ${at}`}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function headersOf(raw: string): [string, string][] {
  const [head = ""] = raw.split(/\r?\n\r?\n/, 1);
  return head
    .replaceAll(/\r?\n[ \t]+/g, " ")
    .split(/\r?\n/)
    .map((line) => [line.slice(0, line.indexOf(":")), decoded(line.slice(line.indexOf(":") + 1).trim())]);
}

/** Encoded words, as in subjects that are not ASCII. */
function decoded(value: string): string {
  return value.replaceAll(/=\?utf-8\?B\?([^?]*)\?=/gi, (_all, base64: string) =>
    new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))),
  );
}
