import { type FocusEvent, type KeyboardEvent, type PointerEvent, type RefObject, useState } from "react";

/**
 * Which message has its tools out: the one with the focus or under the pointer. In the list the arrow keys move from message
 * to message, Home and End go to the ends.
 */
export function useActiveLine(list: RefObject<HTMLElement | null>) {
  const [key, setKey] = useState<string | null>(null);

  const show = (event: FocusEvent | PointerEvent) => {
    const line = lineOf(event.target);
    if (line) setKey(line.dataset.key ?? null);
  };
  const leave = () => {
    if (!lineOf(document.activeElement)) setKey(null);
  };
  const press = (event: KeyboardEvent) => {
    const lines = [...(list.current?.querySelectorAll<HTMLElement>("[data-key]") ?? [])];
    const here = lineOf(document.activeElement);
    const at = here ? lines.indexOf(here) : lines.length;
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: lines.length - 1 }[event.key];
    const isOnLine = here === document.activeElement || document.activeElement === list.current;
    const line = to !== undefined && isOnLine ? lines[Math.max(0, to)] : undefined;
    if (!line) return;
    event.preventDefault();
    line.focus({ preventScroll: true });
    line.scrollIntoView({ block: "nearest" });
  };
  return {
    activeKey: key,
    handlers: {
      onFocus: show,
      onPointerOver: show,
      onPointerDown: show,
      onPointerLeave: leave,
      onKeyDown: press,
    },
  };
}

function lineOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-key]") : null;
}
