import { useSyncExternalStore } from "react";

/** True when the screen is at least `pixels` wide. */
export function useWide(pixels: number): boolean {
  const query = `(min-width: ${pixels}px)`;
  return useSyncExternalStore(
    (tell) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", tell);
      return () => media.removeEventListener("change", tell);
    },
    () => window.matchMedia(query).matches,
  );
}

/** From here on the list of classes stands beside the room. */
export const TWO_PANES = 760;
/** From here on the members stand beside the messages. */
export const THREE_PANES = 1080;
