import type { ComponentType } from "react";
import type { Person } from "../api/session.ts";

export type ScreenProps = { person: Person; params: Record<string, string> };

/**
 * What a file `screens/<noun>.tsx` exports as default; the app finds it by itself. `path` is matched whole, its named groups
 * are `params`.
 */
export type Screen = {
  path: RegExp;
  nav?: NavEntry;
} & ({ View: ComponentType<ScreenProps>; open?: false } | { View: ComponentType; open: true }); // open: without sign-in

export type NavEntry = {
  label: string;
  href: string;
  order: number;
  /** Whether the entry leads to this path too. */
  covers?: (path: string) => boolean;
  /** Hides itself by rendering nothing; stands after the label. */
  Badge?: ComponentType;
  /** A hook that says whether the entry is there at all. */
  useShown?: () => boolean;
};
