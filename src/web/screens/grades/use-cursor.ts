import { type KeyboardEvent, useRef, useState } from "react";

export type Cell = { row: number; column: number };
export type Cursor = {
  at: Cell;
  /** What is being typed, or null while one only walks. */
  typed: string | null;
  walk(to: Cell): void;
  begin(text: string): void;
  type(text: string): void;
  leave(): void;
  onKeyDown(event: KeyboardEvent): void;
};
type Options = {
  rows: number;
  columns: number;
  textAt(cell: Cell): string;
  /** Takes what was typed; false keeps the cell open. */
  commit(cell: Cell, text: string): boolean;
  /** The cell is left as it was. */
  giveUp(cell: Cell): void;
};

/** Walking and typing on a sheet as in a spreadsheet: arrows, Enter, Tab, F2, Escape, Delete, or just type. */
export function useCursor({ rows, columns, textAt, commit, giveUp }: Options): Cursor {
  const [at, setAt] = useState<Cell>({ row: 0, column: 0 });
  const [typed, setTyped] = useState<string | null>(null);
  const leaving = useRef(false);

  const within = ({ row, column }: Cell): Cell => ({
    row: Math.max(0, Math.min(rows - 1, row)),
    column: Math.max(0, Math.min(columns - 1, column)),
  });
  const take = (): boolean => {
    if (typed === null) return true;
    if (!commit(at, typed)) return false;
    leaving.current = true;
    setTyped(null);
    return true;
  };
  const walk = (to: Cell) => {
    if (take()) setAt(within(to));
  };
  const begin = (text: string) => {
    leaving.current = false;
    setTyped(text);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event;
    const step = stepOf(event, typed !== null);
    if (step) {
      // Tab at an end leaves the sheet.
      if (key === "Tab" && !isInside(at, step, columns)) return void take();
      event.preventDefault();
      walk({ row: at.row + step.row, column: at.column + step.column });
    } else if (typed !== null) {
      if (key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      leaving.current = true;
      giveUp(at);
      setTyped(null);
    } else if (key === "F2") begin(textAt(at));
    else if (key === "Delete" || key === "Backspace") commit(at, "");
    else if (key === "Home" || key === "End") {
      event.preventDefault();
      walk({
        row: event.ctrlKey ? (key === "Home" ? 0 : rows) : at.row,
        column: key === "Home" ? 0 : columns,
      });
    } else if (key.length === 1 && key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      begin(key);
    }
  };
  const leave = () => {
    if (leaving.current || typed === null) return;
    if (!commit(at, typed)) return;
    setTyped(null);
  };
  return { at: within(at), typed, walk, begin, type: setTyped, leave, onKeyDown };
}

function stepOf({ key, shiftKey }: KeyboardEvent, typing: boolean): Cell | undefined {
  const back = shiftKey ? -1 : 1;
  if (key === "Enter") return { row: back, column: 0 };
  if (key === "Tab") return { row: 0, column: back };
  if (typing && (key === "ArrowLeft" || key === "ArrowRight")) return undefined;
  return ARROWS[key];
}

const ARROWS: Record<string, Cell> = {
  ArrowUp: { row: -1, column: 0 },
  ArrowDown: { row: 1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
};

function isInside({ column }: Cell, step: Cell, columns: number): boolean {
  return column + step.column >= 0 && column + step.column < columns;
}
