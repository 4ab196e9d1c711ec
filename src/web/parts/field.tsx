import { type ComponentProps, useId } from "react";

type FieldProps = ComponentProps<"input"> & { label: string; problem?: string | undefined };

/** A labelled input with its own error text, announced when it appears. */
export function Field({ label, problem, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        aria-invalid={problem ? true : undefined}
        aria-describedby={`${id}-problem`}
        {...input}
      />
      <p id={`${id}-problem`} className="field-problem" role="alert">
        {problem}
      </p>
    </div>
  );
}
