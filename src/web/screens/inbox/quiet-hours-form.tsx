import { Check, InputField } from "../../parts/fields.tsx";
import { useForm } from "../../parts/use-form.ts";
import { clearQuietHours, type QuietHours, setQuietHours } from "./settings-api.ts";

const ALL = [1, 2, 3, 4, 5, 6, 7];
export const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

type QuietHoursFormProps = { quiet: QuietHours | null; timeZone: string; onChanged: () => void };

export function QuietHoursForm({ quiet, timeZone, onChanged }: QuietHoursFormProps) {
  const { values, set, problems, busy, form, submit, onSubmit } = useForm({
    from: (quiet?.startsAt ?? "21:00").slice(0, 5),
    to: (quiet?.endsAt ?? "06:30").slice(0, 5),
    days: quiet?.days ?? ALL,
  });
  const { from, to, days } = values;
  const toggle = (day: number) =>
    set({ days: days.includes(day) ? days.filter((other) => other !== day) : [...days, day].sort() });
  return (
    <form
      className="panel form"
      ref={form}
      noValidate
      aria-label="Quiet hours"
      onSubmit={onSubmit(() => setQuietHours(from, to, days).then(onChanged))}
    >
      <h2>Quiet hours {quiet ? <span className="chip good">On</span> : <span className="chip">Off</span>}</h2>
      <p className="soft small">
        No mail in these hours, by the clock of {timeZone.replaceAll("_", " ")}; it comes when they end. Only
        what is marked as urgent passes.
      </p>
      <div className="form-pair">
        <InputField
          label="From"
          type="time"
          value={from}
          onChange={({ target }) => set({ from: target.value })}
          problem={problems.from}
        />
        <InputField
          label="To"
          type="time"
          value={to}
          onChange={({ target }) => set({ to: target.value })}
          problem={problems.to}
        />
      </div>
      <fieldset className="fieldset">
        <legend>On nights that begin on</legend>
        <div className="checks">
          {DAYS.map((day, index) => (
            <Check
              key={day}
              label={day}
              checked={days.includes(index + 1)}
              onChange={() => toggle(index + 1)}
            />
          ))}
        </div>
        <p className="field-problem" role="alert">
          {problems.days}
        </p>
      </fieldset>
      <div className="form-foot">
        <p className="form-problem" role="alert">
          {problems.form}
        </p>
        {quiet && (
          <button
            type="button"
            className="button quiet"
            disabled={busy}
            onClick={() => void submit(() => clearQuietHours().then(onChanged))}
          >
            Switch off
          </button>
        )}
        <button type="submit" className="button primary" disabled={busy}>
          {quiet ? "Save" : "Switch on"}
        </button>
      </div>
    </form>
  );
}
