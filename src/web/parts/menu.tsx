import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

export type MenuItem = {
  label: string;
  run: () => void;
  /** Drawn in the colour of warnings. */
  grave?: boolean;
  /** Says whether it is switched on, for items that switch. */
  checked?: boolean;
};

type MenuProps = {
  label: string;
  items: MenuItem[];
  children: ReactNode;
  className?: string;
  /** Small items in a row above the others: emoji. */
  row?: MenuItem[];
};

const EDGE_PX = 8;

/** A button with a menu, as the ARIA practices have it; the arrow keys move in it, Escape gives the focus back. */
export function Menu({ label, items, row = [], children, className = "icon-button" }: MenuProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = (refocus: boolean) => {
    setOpen(false);
    if (refocus) button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {children}
      </button>
      {open && <Popup id={id} label={label} row={row} items={items} anchor={button} close={close} />}
    </>
  );
}

type PopupProps = Required<Pick<MenuProps, "label" | "items" | "row">> & {
  id: string;
  anchor: React.RefObject<HTMLButtonElement | null>;
  close: (refocus: boolean) => void;
};

function Popup({ id, label, row, items, anchor, close }: PopupProps) {
  const menu = useRef<HTMLDivElement>(null);
  const place = usePlaceBeside(anchor, menu);
  useClosedFromOutside(menu, anchor, close);
  const pick = (item: MenuItem) => {
    close(true);
    item.run();
  };
  return (
    <div
      ref={menu}
      id={id}
      className="menu"
      role="menu"
      aria-label={label}
      tabIndex={-1}
      style={place}
      onKeyDown={(event) => steer(event, menu.current, close)}
    >
      {row.length > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is not allowed in a menu
        <div className="menu-row" role="group" aria-label="Reactions">
          {row.map((item) => (
            <Item key={item.label} item={item} pick={pick} />
          ))}
        </div>
      )}
      {items.map((item) => (
        <Item key={item.label} item={item} pick={pick} />
      ))}
    </div>
  );
}

function Item({ item, pick }: { item: MenuItem; pick: (item: MenuItem) => void }) {
  const button = {
    type: "button",
    tabIndex: -1,
    className: item.grave ? "grave" : undefined,
    onClick: () => pick(item),
  } as const;
  if (item.checked === undefined) {
    return (
      <button role="menuitem" {...button}>
        {item.label}
      </button>
    );
  }
  return (
    <button role="menuitemcheckbox" aria-checked={item.checked} {...button}>
      {item.label}
    </button>
  );
}

function steer(event: KeyboardEvent, menu: HTMLElement | null, close: (refocus: boolean) => void) {
  if (event.key === "Tab") return close(false);
  if (event.key === "Escape") {
    event.stopPropagation();
    return close(true);
  }
  const buttons = [...(menu?.querySelectorAll("button") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const to = {
    ArrowDown: at + 1,
    ArrowRight: at + 1,
    ArrowUp: at < 0 ? -1 : at - 1,
    ArrowLeft: at - 1,
    Home: 0,
    End: -1,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  buttons.at(to % buttons.length)?.focus();
}

/** Below the button or, where there is no room, above it; never over the edge of the window. */
function usePlaceBeside(
  anchor: React.RefObject<HTMLElement | null>,
  menu: React.RefObject<HTMLElement | null>,
): CSSProperties {
  const [place, setPlace] = useState<CSSProperties>({ visibility: "hidden" });
  useLayoutEffect(() => {
    const from = anchor.current?.getBoundingClientRect();
    const size = menu.current?.getBoundingClientRect();
    if (!from || !size) return;
    const below = from.bottom + 4 + size.height + EDGE_PX <= window.innerHeight;
    const top = below ? from.bottom + 4 : Math.max(EDGE_PX, from.top - 4 - size.height);
    const left = Math.min(
      Math.max(EDGE_PX, from.right - size.width),
      window.innerWidth - size.width - EDGE_PX,
    );
    setPlace({ top, left });
  }, [anchor, menu]);
  useEffect(() => {
    if (place.visibility !== "hidden") menu.current?.querySelector("button")?.focus();
  }, [menu, place]);
  return place;
}

function useClosedFromOutside(
  menu: React.RefObject<HTMLElement | null>,
  anchor: React.RefObject<HTMLElement | null>,
  close: (refocus: boolean) => void,
) {
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => {
    const outside = ({ target }: Event) => {
      if (!(target instanceof Node)) return;
      if (!menu.current?.contains(target) && !anchor.current?.contains(target)) latest.current(false);
    };
    const moved = () => latest.current(false);
    document.addEventListener("pointerdown", outside);
    window.addEventListener("resize", moved);
    return () => {
      document.removeEventListener("pointerdown", outside);
      window.removeEventListener("resize", moved);
    };
  }, [menu, anchor]);
}
