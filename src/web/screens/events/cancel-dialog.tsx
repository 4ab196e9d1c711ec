import { Dialog } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/fields.tsx";
import { useForm } from "../../parts/use-form.ts";
import { cancelEvent } from "./acts-api.ts";
import type { EventDetails } from "./api.ts";

type CancelDialogProps = { event: EventDetails; onClose: () => void; onDone: () => void };

export function CancelDialog({ event, onClose, onDone }: CancelDialogProps) {
  const { values, set, problems, busy, form, onSubmit } = useForm({ reason: "" });
  return (
    <Dialog title={`Cancel “${event.title}”?`} onClose={onClose}>
      <form
        className="form"
        ref={form}
        noValidate
        onSubmit={onSubmit(() => cancelEvent(event.id, values.reason.trim()).then(onDone))}
      >
        <p className="soft">Who knows of it is told that it is off; who was not told yet hears nothing.</p>
        <TextField
          label="Why (everybody who was told reads it)"
          rows={3}
          maxLength={1000}
          value={values.reason}
          onChange={({ target }) => set({ reason: target.value })}
          problem={problems.reason}
        />
        <div className="form-foot">
          <p className="form-problem" role="alert">
            {problems.form}
          </p>
          <button type="button" className="button" onClick={onClose}>
            Not now
          </button>
          <button type="submit" className="button danger" disabled={busy}>
            Cancel the event
          </button>
        </div>
      </form>
    </Dialog>
  );
}
