import type { OwnTag, TagType } from "./api.ts";

type OwnTagsProps = { tags: OwnTag[]; problem: string | undefined; onChange: (tags: OwnTag[]) => void };

const TYPES: readonly TagType[] = ["text", "number", "money", "date"];

/** Tags of this campaign alone, with what stands where somebody has no value. */
export function OwnTags({ tags, problem, onChange }: OwnTagsProps) {
  if (tags.length === 0) return null;
  const change = (at: number, patch: Partial<OwnTag>) =>
    onChange(tags.map((tag, index) => (index === at ? { ...tag, ...patch } : tag)));
  return (
    <fieldset className="fieldset own-tags">
      <legend>Own tags</legend>
      {tags.map(({ name, type, defaultValue }, at) => (
        <div key={name} className="own-tag">
          <code>#{name}</code>
          <select
            aria-label={`Type of #${name}`}
            value={type}
            onChange={({ target }) => change(at, { type: target.value as TagType })}
          >
            {TYPES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
          <input
            aria-label={`Value of #${name} for everybody without one of their own`}
            placeholder="Value for everybody"
            value={defaultValue ?? ""}
            maxLength={1000}
            onChange={({ target }) => change(at, { defaultValue: target.value || null })}
          />
          <button
            type="button"
            className="button quiet"
            aria-label={`Remove #${name}`}
            onClick={() => onChange(tags.filter((tag) => tag.name !== name))}
          >
            Remove
          </button>
        </div>
      ))}
      <p className="field-problem" role="alert">
        {problem}
      </p>
    </fieldset>
  );
}
