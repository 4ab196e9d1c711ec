import { InputField } from "../../parts/fields.tsx";

type ColourFieldProps = { value: string; onChange: (value: string) => void; problem: string | undefined };

/** A colour as #rrggbb, typed or picked. */
export function ColourField({ value, onChange, problem }: ColourFieldProps) {
  const pickable = /^#[0-9a-f]{6}$/i.test(value.trim()) ? value.trim().toLowerCase() : "#000000";
  return (
    <div className="colour-field">
      <InputField
        label="Colour"
        hint="Of letters and pages, as #rrggbb."
        spellCheck={false}
        maxLength={7}
        value={value}
        onChange={({ target }) => onChange(target.value)}
        problem={problem}
      />
      <input
        type="color"
        aria-label="Pick the colour"
        value={pickable}
        onChange={({ target }) => onChange(target.value)}
      />
    </div>
  );
}
