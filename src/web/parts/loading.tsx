import type { ReactNode } from "react";
import { Notice } from "./notice.tsx";
import type { Loaded } from "./use-load.ts";

type LoadingProps<T> = { of: Loaded<T>; what: string; children: (data: T) => ReactNode };

/** What is loaded, or a word on why it is not there yet. */
export function Loading<T>({ of: { data, problem, reload }, what, children }: LoadingProps<T>) {
  if (data !== null) return <>{children(data)}</>;
  if (!problem) return <Notice busy>{`Loading ${what}…`}</Notice>;
  return <Notice action={{ label: "Try again", run: reload }}>{problem}</Notice>;
}
