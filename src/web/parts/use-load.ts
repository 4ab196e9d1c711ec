import { useCallback, useEffect, useRef, useState } from "react";
import { sayProblem } from "../api/problem.ts";

export type Loaded<T> = { data: T | null; problem: string; reload: () => void };

/** Loads once per `load` function (give a stable one); what is shown stays while it loads again. */
export function useLoad<T>(load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; problem: string }>({ data: null, problem: "" });
  const latest = useRef(0);
  const reload = useCallback(() => {
    const turn = ++latest.current;
    load().then(
      (data) => turn === latest.current && setState({ data, problem: "" }),
      (error: unknown) =>
        turn === latest.current && setState(({ data }) => ({ data, problem: sayProblem(error) })),
    );
  }, [load]);
  useEffect(() => {
    reload();
    return () => void latest.current++;
  }, [reload]);
  return { ...state, reload };
}
