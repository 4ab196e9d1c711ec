import { type FormEvent, useState } from "react";
import { useConfig } from "../../api/config.ts";
import { sayProblem } from "../../api/problem.ts";
import { requestLink } from "../../api/session.ts";
import { emailProblem } from "../../parts/email-problem.ts";
import { Field } from "../../parts/field.tsx";
import { Link, navigate } from "../../parts/router.tsx";
import { UseCode } from "./use-code.tsx";

export function RequestLink() {
  const [email, setEmail] = useState("");
  const [problem, setProblem] = useState("");
  const [phase, setPhase] = useState<"asking" | "sending" | "sent">("asking");

  const ask = async (event: FormEvent) => {
    event.preventDefault();
    const wrong = emailProblem(email);
    setProblem(wrong);
    if (wrong) return;
    setPhase("sending");
    try {
      await requestLink(email.trim());
      navigate("/sign-in", { replace: true });
      setPhase("sent");
    } catch (error) {
      setProblem(sayProblem(error));
      setPhase("asking");
    }
  };

  if (phase === "sent") return <LinkSent email={email.trim()} onAgain={() => setPhase("asking")} />;
  return (
    <form onSubmit={ask} noValidate>
      <h1>Sign in</h1>
      <p>We send you a link by e-mail. There is no password to remember.</p>
      <Field
        label="E-mail address"
        type="email"
        name="email"
        autoComplete="email"
        inputMode="email"
        placeholder="you@example.org"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        problem={problem}
      />
      <button type="submit" className="button primary large" disabled={phase === "sending"}>
        {phase === "sending" ? "Sending…" : "Send me a link"}
      </button>
    </form>
  );
}

function LinkSent({ email, onAgain }: { email: string; onAgain: () => void }) {
  const config = useConfig();
  return (
    <>
      <div role="status">
        <h1>Look into your mail</h1>
        <p>If we know this address, a link is on its way. You can also type the code of the letter here.</p>
      </div>
      {config?.mailbox && (
        <p className="callout">
          This is a development server: the letter is in the <Link href="/mailbox">dev mailbox</Link>.
        </p>
      )}
      <UseCode email={email} />
      <button type="button" className="button quiet" onClick={onAgain}>
        Use another address
      </button>
    </>
  );
}
