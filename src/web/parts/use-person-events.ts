import { useEffect, useRef } from "react";
import { listenToPerson } from "../api/person-connection.ts";

/** Hears what the server says to the person for as long as the component stands; see `listenToPerson`. */
export function usePersonEvents(
  personId: string,
  hear: (event: string, payload: Record<string, unknown>) => void,
) {
  const latest = useRef(hear);
  latest.current = hear;
  useEffect(() => listenToPerson(personId, (event, payload) => latest.current(event, payload)), [personId]);
}
