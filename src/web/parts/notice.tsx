import type { ReactNode } from "react";

type NoticeProps = {
  title?: string;
  children: ReactNode;
  busy?: boolean;
  action?: { label: string; run: () => void };
};

/** A quiet full-pane word: loading, empty, or what went wrong and what to do. */
export function Notice({ title, children, busy = false, action }: NoticeProps) {
  return (
    <div className="notice" role="status" aria-busy={busy}>
      {busy && <span className="spinner" aria-hidden="true" />}
      {title && <h2>{title}</h2>}
      <p>{children}</p>
      {action && (
        <button type="button" className="button" onClick={action.run}>
          {action.label}
        </button>
      )}
    </div>
  );
}
