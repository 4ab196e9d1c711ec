import { useRef } from "react";
import { TextField } from "../../parts/fields.tsx";
import type { OwnTag } from "./api.ts";
import { BUILT_IN, unknownTags } from "./tags.ts";

type BodyFieldProps = {
  value: string;
  own: OwnTag[];
  problem: string | undefined;
  onChange: (body: string) => void;
  onDeclare: (name: string) => void;
};

/** The letter, with a palette that puts tags where the cursor is. */
export function BodyField({ value, own, problem, onChange, onDeclare }: BodyFieldProps) {
  const frame = useRef<HTMLDivElement>(null);
  const insert = (tag: string) => {
    const area = frame.current?.querySelector("textarea");
    if (!area) return;
    const { selectionStart: from, selectionEnd: to } = area;
    onChange(`${value.slice(0, from)}#${tag}${value.slice(to)}`);
    requestAnimationFrame(() => {
      area.focus();
      area.setSelectionRange(from + tag.length + 1, from + tag.length + 1);
    });
  };
  const unknown = unknownTags(
    value,
    own.map(({ name }) => name),
  );
  return (
    <div ref={frame}>
      {/* biome-ignore lint/a11y/useSemanticElements: a toolbar is no fieldset */}
      <div className="palette" role="group" aria-label="Insert a merge tag">
        {[...BUILT_IN.map(([name, words]) => ({ name, words: words as string })), ...own.map(asEntry)].map(
          ({ name, words }) => (
            <button key={name} type="button" title={words} onClick={() => insert(name)}>
              #{name}
              <span className="visually-hidden"> ({words})</span>
            </button>
          ),
        )}
      </div>
      <div role="status">
        {unknown.map((name) => (
          <p key={name} className="callout warning unknown-tag" data-testid="unknown-tag">
            Nobody knows <strong>#{name}</strong>. Write ##{name} for plain text, or{" "}
            <button type="button" className="link-button" onClick={() => onDeclare(name)}>
              declare it
            </button>
          </p>
        ))}
      </div>
      <TextField
        label="Letter"
        rows={12}
        maxLength={20000}
        value={value}
        onChange={({ target }) => onChange(target.value)}
        problem={problem}
        hint="A blank line makes a paragraph. #tag|words stand in where a value is missing, ## is a plain #."
      />
    </div>
  );
}

function asEntry({ name, type }: OwnTag) {
  return { name, words: `Own tag, ${type}` };
}
