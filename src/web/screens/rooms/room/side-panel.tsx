import { type ReactNode, useEffect, useRef } from "react";
import { CloseIcon } from "../../../parts/icons.tsx";

type SidePanelProps = { title: ReactNode; name: string; onClose: () => void; children: ReactNode };

/** What stands beside the conversation; over it on narrow screens. Escape closes it. */
export function SidePanel({ title, name, onClose, children }: SidePanelProps) {
  const panel = useRef<HTMLElement>(null);
  useEscape(onClose);
  return (
    <aside className="side" aria-label={name} ref={panel}>
      <header>
        <h2>{title}</h2>
        <button type="button" className="icon-button" aria-label={`Close: ${name}`} onClick={onClose}>
          <CloseIcon />
        </button>
      </header>
      {children}
    </aside>
  );
}

function useEscape(close: () => void) {
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => {
    const closeOnEscape = (event: KeyboardEvent) =>
      event.key === "Escape" && !event.defaultPrevented && latest.current();
    window.addEventListener("keydown", closeOnEscape);
    return () => window.removeEventListener("keydown", closeOnEscape);
  }, []);
}
