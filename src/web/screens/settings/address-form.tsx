import { type FormEvent, useState } from "react";
import { addEmailAddress } from "../../api/account.ts";
import { emailProblem } from "../../parts/email-problem.ts";
import { Field } from "../../parts/field.tsx";
import { MailIcon } from "../../parts/icons.tsx";
import { useAct } from "../../parts/use-act.ts";

/** The addresses one signs in with; another one is proven by a letter. */
export function AddressForm({ addresses }: { addresses: string[] }) {
  const [email, setEmail] = useState("");
  const [wrong, setWrong] = useState("");
  const [sent, setSent] = useState("");
  const { busy, problem, run } = useAct();

  const add = async (event: FormEvent) => {
    event.preventDefault();
    const found = emailProblem(email);
    setWrong(found);
    setSent("");
    if (found || !(await run(() => addEmailAddress(email.trim())))) return;
    setSent(email.trim());
    setEmail("");
  };
  return (
    <form className="panel" onSubmit={add} noValidate aria-label="Mail addresses">
      <h2>Mail addresses</h2>
      <ul className="setting-list">
        {addresses.map((address) => (
          <li key={address}>
            <MailIcon />
            {address}
          </li>
        ))}
      </ul>
      <div className="address-add">
        <Field
          label="Another address"
          type="email"
          inputMode="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          problem={wrong || problem}
        />
        <button type="submit" className="button" disabled={busy}>
          Send a letter to it
        </button>
      </div>
      <div role="status">
        {sent && (
          <p className="callout good">
            A letter is on its way to {sent}. Open its link within 15 minutes, and the address is yours.
          </p>
        )}
      </div>
    </form>
  );
}
