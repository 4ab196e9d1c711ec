import { SelectField } from "../../parts/fields.tsx";
import { useForm } from "../../parts/use-form.ts";
import { DAYS } from "./quiet-hours-form.tsx";
import { type DigestTime, setDigestTime } from "./settings-api.ts";

const HOURS = Array.from(
  { length: 24 },
  (_, hour) => [`${hour}`, `${String(hour).padStart(2, "0")}:00`] as const,
);
const WEEKDAYS = DAYS.map((day, index) => [`${index + 1}`, day] as const);

export function DigestForm({ time, onChanged }: { time: DigestTime; onChanged: () => void }) {
  const { values, set, problems, busy, form, onSubmit } = useForm(time);
  return (
    <form
      className="panel form"
      ref={form}
      noValidate
      aria-label="Digests"
      onSubmit={onSubmit(() => setDigestTime(values).then(onChanged))}
    >
      <h2>Digests</h2>
      <p className="soft small">What you get daily or weekly comes in one mail.</p>
      <div className="form-pair">
        <SelectField
          label="Daily, at"
          options={HOURS}
          value={`${values.hour}`}
          onChange={({ target }) => set({ hour: Number(target.value) })}
          problem={problems.hour}
        />
        <SelectField
          label="Weekly, on"
          options={WEEKDAYS}
          value={`${values.weekday}`}
          onChange={({ target }) => set({ weekday: Number(target.value) })}
          problem={problems.weekday}
        />
      </div>
      <div className="form-foot">
        <p className="form-problem" role="alert">
          {problems.form}
        </p>
        <button type="submit" className="button primary" disabled={busy}>
          Save
        </button>
      </div>
    </form>
  );
}
