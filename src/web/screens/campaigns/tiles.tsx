import type { Board } from "./api.ts";
import { TILES } from "./words.ts";

type TilesProps = { board: Board; chosen: string | null; onChoose: (state: string | null) => void };

const ALWAYS = ["accepted", "delivered", "opened", "clicked", "bounced", "suppressed"];

/** The delivery board: a tile per state; pressing one lists who is in it. */
export function Tiles({ board, chosen, onChoose }: TilesProps) {
  const shown = TILES.filter(([count, state]) => board[count] > 0 || ALWAYS.includes(state));
  return (
    <ul className="tiles" aria-label="Delivery board">
      {shown.map(([count, state, word, meaning]) => (
        <li key={state}>
          <button
            type="button"
            className={`tile ${board[count] > 0 ? state : "none"}`}
            aria-pressed={chosen === state}
            data-testid={`tile-${state}`}
            onClick={() => onChoose(chosen === state ? null : state)}
          >
            <strong>{board[count].toLocaleString("en")}</strong>
            <span>{word}</span>
            <small>{meaning}</small>
          </button>
        </li>
      ))}
    </ul>
  );
}
