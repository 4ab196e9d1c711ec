import { useCallback, useRef, useState } from "react";
import { Problem, sayProblem } from "../api/problem.ts";

export type Act = {
  busy: boolean;
  /** What went wrong, "" when nothing did; `field` is the input at fault. */
  problem: string;
  field: string | undefined;
  /** Runs one act at a time; gives whether it went well. */
  run: (work: () => Promise<void>) => Promise<boolean>;
};

/** One thing that a person does: busy while it runs, and what went wrong in words. */
export function useAct(): Act {
  const [state, setState] = useState<{ busy: boolean; problem: string; field: string | undefined }>({
    busy: false,
    problem: "",
    field: undefined,
  });
  const running = useRef(false);
  const run = useCallback(async (work: () => Promise<void>) => {
    if (running.current) return false;
    running.current = true;
    setState({ busy: true, problem: "", field: undefined });
    try {
      await work();
      setState({ busy: false, problem: "", field: undefined });
      return true;
    } catch (error) {
      const field = error instanceof Problem ? error.field : undefined;
      setState({ busy: false, problem: sayProblem(error), field });
      return false;
    } finally {
      running.current = false;
    }
  }, []);
  return { ...state, run };
}
