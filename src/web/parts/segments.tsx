import { type ReactNode, useId } from "react";
import "../styles/parts.css";

type SegmentsProps<T extends string> = {
  label: string;
  options: readonly (readonly [T, ReactNode])[];
  value: T | null;
  onChange: (value: T) => void;
  disabled?: boolean;
};

/** One of a few, side by side: radio buttons in another dress. */
export function Segments<T extends string>({ label, options, value, onChange, disabled }: SegmentsProps<T>) {
  const name = useId();
  return (
    <div className="segments" role="radiogroup" aria-label={label}>
      {options.map(([id, word]) => (
        <label key={id}>
          <input
            type="radio"
            name={name}
            value={id}
            checked={id === value}
            disabled={disabled}
            onChange={() => onChange(id)}
          />
          <span>{word}</span>
        </label>
      ))}
    </div>
  );
}
