import { type FormEvent, useState } from "react";
import { useConfig } from "../../api/config.ts";
import { askToJoin, type Preview } from "../../api/invitations.ts";
import { emailProblem } from "../../parts/email-problem.ts";
import { Field } from "../../parts/field.tsx";
import { ROLE_WORDS } from "../../parts/roles.ts";
import { Link } from "../../parts/router.tsx";
import { useAct } from "../../parts/use-act.ts";

/** The way in comes by mail, so that nobody comes in under an address of somebody else. */
export function AskToJoin({ preview, token }: { preview: Preview; token: string }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [wrong, setWrong] = useState<{ name?: string; email?: string }>({});
  const [sent, setSent] = useState(false);
  const { busy, problem, field, run } = useAct();

  const ask = async (event: FormEvent) => {
    event.preventDefault();
    const found = { name: name.trim() ? "" : "Please enter your name.", email: emailProblem(email) };
    setWrong(found);
    if (found.name || found.email) return;
    if (await run(() => askToJoin(token, email.trim(), name.trim()))) setSent(true);
  };

  if (sent) return <LetterSent email={email.trim()} />;
  return (
    <form onSubmit={ask} noValidate>
      <h1>Join {preview.groupName}</h1>
      <p>
        You are invited as {ROLE_WORDS[preview.role].toLowerCase()}. We mail you the way in; there is no
        password to remember.
        {preview.mailDomain && ` This invitation is for addresses that end with @${preview.mailDomain}.`}
      </p>
      <Field
        label="Your name"
        autoComplete="name"
        data-testid="join-name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        problem={wrong.name || (field === "name" ? problem : "")}
      />
      <Field
        label="E-mail address"
        type="email"
        autoComplete="email"
        inputMode="email"
        data-testid="join-email"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        problem={wrong.email || (field === "email" ? problem : "")}
      />
      <button type="submit" className="button primary large" data-testid="join-ask" disabled={busy}>
        {busy ? "Sending…" : "Mail me the way in"}
      </button>
      <p className="form-problem" role="alert">
        {field === "name" || field === "email" ? "" : problem}
      </p>
    </form>
  );
}

function LetterSent({ email }: { email: string }) {
  const config = useConfig();
  return (
    <div role="status">
      <h1>Look into your mail</h1>
      <p>A letter is on its way to {email}. Its link brings you in.</p>
      {config?.mailbox && (
        <p className="callout">
          This is a development server: the letter is in the <Link href="/mailbox">dev mailbox</Link>.
        </p>
      )}
    </div>
  );
}
