import { InputField } from "./fields.tsx";

type MomentFieldProps = {
  label: string;
  /** ISO, or "" for none. */
  value: string;
  onChange: (iso: string) => void;
  problem?: string | undefined;
  hint?: string;
  required?: boolean;
};

/** A date and a time on the viewer's clock; the outside sees ISO moments. */
export function MomentField({ value, onChange, hint, ...field }: MomentFieldProps) {
  return (
    <InputField
      {...field}
      type="datetime-local"
      value={toLocal(value)}
      onChange={({ target }) => onChange(fromLocal(target.value))}
      hint={hint ?? `Your time: ${zoneName()}`}
    />
  );
}

/** The viewer's time zone, as people call it. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ");
}

function toLocal(iso: string): string {
  if (!iso) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function fromLocal(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
