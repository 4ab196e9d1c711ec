import { type KeyboardEvent, type ReactNode, useId } from "react";

export type Tab = { id: string; label: string; panel: ReactNode };
type TabsProps = { label: string; tabs: Tab[]; shown: string; onShow: (id: string) => void };

/** Tabs as the ARIA practices have them: one in the tab order, arrow keys move between them. */
export function Tabs({ label, tabs, shown, onShow }: TabsProps) {
  const prefix = useId();
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = tabs.findIndex(({ id }) => id === shown);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    onShow(next.id);
    document.getElementById(prefix + next.id)?.focus();
  };
  return (
    <>
      <div className="tabs" role="tablist" aria-label={label} tabIndex={-1} onKeyDown={move}>
        {tabs.map(({ id, label }) => (
          <button
            key={id}
            id={prefix + id}
            type="button"
            role="tab"
            aria-selected={id === shown}
            aria-controls={`${prefix}panel`}
            tabIndex={id === shown ? 0 : -1}
            onClick={() => onShow(id)}
          >
            {label}
          </button>
        ))}
      </div>
      <div className="tab-panel" role="tabpanel" id={`${prefix}panel`} aria-labelledby={prefix + shown}>
        {tabs.find(({ id }) => id === shown)?.panel}
      </div>
    </>
  );
}
