import { type FormEvent, useState } from "react";
import { sayProblem } from "../../api/problem.ts";
import { signInByCode } from "../../api/session.ts";
import { takeWanted } from "../../api/wanted.ts";
import { Field } from "../../parts/field.tsx";
import { navigate } from "../../parts/router.tsx";

/** For a letter that is read on another device: its six digits do what its link would. */
export function UseCode({ email }: { email: string }) {
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  const enter = async (event: FormEvent) => {
    event.preventDefault();
    const digits = code.replace(/\s/g, "");
    if (!/^\d{6}$/.test(digits)) return setProblem("Type the six digits of the letter.");
    setBusy(true);
    setProblem("");
    try {
      await signInByCode(email, digits);
      navigate(takeWanted(), { replace: true });
    } catch (error) {
      setProblem(sayProblem(error));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={enter} noValidate>
      <Field
        label="Code from the letter"
        name="code"
        data-testid="sign-in-code"
        autoComplete="one-time-code"
        inputMode="numeric"
        placeholder="123456"
        value={code}
        onChange={(event) => setCode(event.target.value)}
        problem={problem}
      />
      <button
        type="submit"
        className="button primary large"
        data-testid="sign-in-code-button"
        disabled={busy}
      >
        {busy ? "Signing in…" : "Sign in with the code"}
      </button>
    </form>
  );
}
