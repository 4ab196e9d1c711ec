import { useState } from "react";
import { LetterFrame } from "../../parts/letter-frame.tsx";
import { Segments } from "../../parts/segments.tsx";
import type { Sample } from "./draft-api.ts";
import { sayReason, saySample } from "./words.ts";

type Form = "html" | "text";

/** The letter as it would reach somebody: the first of the list, and the cases most likely to look wrong. */
export function Preview({ samples }: { samples: Sample[] }) {
  const [chosen, setChosen] = useState("first");
  const [form, setForm] = useState<Form>("html");
  const shown = samples.find(({ sample }) => sample === chosen) ?? samples[0];
  if (!shown) return <p className="soft">Nobody is in the audience yet.</p>;
  return (
    <>
      <div className="preview-tools">
        <label>
          <span className="visually-hidden">Preview for</span>
          <select
            value={shown.sample}
            onChange={({ target }) => setChosen(target.value)}
            data-testid="preview-sample"
          >
            {samples.map(({ sample, name }) => (
              <option key={sample} value={sample}>
                {saySample(sample)}: {name}
              </option>
            ))}
          </select>
        </label>
        <Segments label="Part of the letter" options={FORMS} value={form} onChange={setForm} />
      </div>
      {shown.skippedBecause && (
        <p className="callout warning" role="status">
          {shown.name} gets no letter: {sayReason(shown.skippedBecause)}
          {shown.missingTags.length > 0 && ` (${shown.missingTags.map((tag) => `#${tag}`).join(", ")})`}.
        </p>
      )}
      <div className="preview-letter">
        <p className="preview-subject" data-testid="preview-subject">
          {shown.subject}
        </p>
        {form === "html" ? <LetterFrame html={shown.html} /> : <pre>{shown.text}</pre>}
      </div>
    </>
  );
}

const FORMS = [
  ["html", "HTML"],
  ["text", "Text"],
] as const;
