import { type ComponentProps, type ReactNode, useId } from "react";
import "../styles/forms.css";

type Common = { label: string; problem?: string | undefined; hint?: ReactNode };

/** A labelled control: hint and problem are read out with it. */
function Labelled({
  label,
  problem,
  hint,
  children,
}: Common & { children: (control: Record<string, unknown>) => ReactNode }) {
  const id = useId();
  const control = {
    id,
    "aria-invalid": problem ? true : undefined,
    "aria-describedby": `${id}-hint ${id}-problem`,
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(control)}
      {hint && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
      <p id={`${id}-problem`} className="field-problem" role="alert">
        {problem}
      </p>
    </div>
  );
}

export function TextField({ label, problem, hint, ...area }: Common & ComponentProps<"textarea">) {
  return (
    <Labelled label={label} problem={problem} hint={hint}>
      {(control) => <textarea {...area} {...control} />}
    </Labelled>
  );
}

export function InputField({ label, problem, hint, ...input }: Common & ComponentProps<"input">) {
  return (
    <Labelled label={label} problem={problem} hint={hint}>
      {(control) => <input {...input} {...control} />}
    </Labelled>
  );
}

type SelectProps = Common & ComponentProps<"select"> & { options: readonly (readonly [string, string])[] };

/** Options are pairs of value and word. */
export function SelectField({ label, problem, hint, options, ...select }: SelectProps) {
  return (
    <Labelled label={label} problem={problem} hint={hint}>
      {(control) => (
        <select {...select} {...control}>
          {options.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

type CheckProps = Omit<ComponentProps<"input">, "type"> & { label: ReactNode; plain?: boolean };

export function Check({ label, plain = false, ...input }: CheckProps) {
  return (
    <label className={`check ${plain ? "plain" : ""}`}>
      <input type="checkbox" {...input} />
      {label}
    </label>
  );
}
