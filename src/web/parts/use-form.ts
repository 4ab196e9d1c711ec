import { type FormEvent, useEffect, useRef, useState } from "react";
import { Problem, sayProblem } from "../api/problem.ts";

export type Problems = Record<string, string>;

/**
 * The values of a form and what is wrong with them. The server's words stand beside the field it names; what names no
 * field of the form stands under `form`. The first field at fault gets the focus.
 */
export function useForm<Values extends object>(initial: Values) {
  const [values, setValues] = useState(initial);
  const [problems, setProblems] = useState<Problems>({});
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const set = (patch: Partial<Values>) => {
    setValues((before) => ({ ...before, ...patch }));
    setProblems((before) =>
      Object.fromEntries(Object.entries(before).filter(([field]) => field !== "form" && !(field in patch))),
    );
  };

  const submit = async (work: () => Promise<unknown>, check?: () => Problems) => {
    const wrong = check?.() ?? {};
    setProblems(wrong);
    if (Object.keys(wrong).length > 0) return;
    setBusy(true);
    try {
      await work();
    } catch (error) {
      setProblems(placed(error, values));
    }
    setBusy(false);
  };

  useEffect(() => {
    if (Object.keys(problems).length > 0)
      form.current?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus();
  }, [problems]);

  const onSubmit = (work: () => Promise<unknown>, check?: () => Problems) => (event: FormEvent) => {
    event.preventDefault();
    void submit(work, check);
  };
  return { values, set, problems, busy, form, submit, onSubmit };
}

function placed(error: unknown, values: object): Problems {
  const field = error instanceof Problem ? error.field : undefined;
  return { [field && field in values ? field : "form"]: sayProblem(error) };
}
