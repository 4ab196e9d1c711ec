import "../styles/parts.css";

type ProgressProps = { label: string; done: number; total: number; after?: string };

/** A bar with its numbers in words; screen readers get the same. */
export function Progress({ label, done, total, after }: ProgressProps) {
  const share = total > 0 ? Math.min(100, (done / total) * 100) : 0;
  return (
    <div className="progress">
      <p>
        <span>{label}</span>
        <span className="soft">
          {done.toLocaleString("en")} of {total.toLocaleString("en")}
          {after}
        </span>
      </p>
      <div
        className="progress-bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        <i style={{ width: `${share}%` }} />
      </div>
    </div>
  );
}
