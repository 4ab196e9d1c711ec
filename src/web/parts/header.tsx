import { useState } from "react";
import { useConfig } from "../api/config.ts";
import { sayProblem } from "../api/problem.ts";
import { signOut, useSession } from "../api/session.ts";
import { Avatar } from "./avatar.tsx";
import { Link, navigate, usePlace } from "./router.tsx";
import type { NavEntry } from "./screen.ts";

export function Header({ entries }: { entries: NavEntry[] }) {
  const { person } = useSession();
  const config = useConfig();
  const { path } = usePlace();
  return (
    <header className="header">
      <Link href="/" className="brand" aria-label="Howdah">
        <img src="/icon.svg" alt="" width="24" height="24" />
        <span>Howdah</span>
      </Link>
      <nav aria-label="Main">
        {person && entries.map((entry) => <Entry key={entry.href} {...entry} path={path} />)}
        {config?.mailbox && <a href="/mailbox">Mailbox</a>}
        {config?.graphiql && (
          <a href="/graphiql" className="wide-only">
            GraphiQL
          </a>
        )}
      </nav>
      {person ? <Account id={person.id} name={person.name} /> : <SignInLink path={path} />}
    </header>
  );
}

const always = () => true;

function Entry({ label, href, covers, Badge, useShown = always, path }: NavEntry & { path: string }) {
  if (!useShown()) return null;
  const current = covers ? covers(path) : path === href || path.startsWith(`${href}/`);
  return (
    <Link href={href} aria-current={current ? "page" : undefined}>
      {label}
      {Badge && <Badge />}
    </Link>
  );
}

function Account({ id, name }: { id: string; name: string }) {
  const [problem, setProblem] = useState("");
  const leave = () => {
    signOut().then(
      () => navigate("/sign-in"),
      (error: unknown) => setProblem(sayProblem(error)),
    );
  };
  return (
    <div className="account">
      <Link href="/settings" className="account-link" aria-label={`Settings of ${name}`} title="Settings">
        <Avatar id={id} name={name} />
        <span className="account-name">{name}</span>
      </Link>
      <button type="button" className="button quiet" onClick={leave} title={problem || undefined}>
        {problem ? "Sign out failed, again?" : "Sign out"}
      </button>
    </div>
  );
}

function SignInLink({ path }: { path: string }) {
  if (path === "/sign-in") return null;
  return (
    <div className="account">
      <Link href="/sign-in" className="button quiet">
        Sign in
      </Link>
    </div>
  );
}
