import { useState } from "react";
import { useConfig } from "../api/config.ts";
import { sayProblem } from "../api/problem.ts";
import { signOut, useSession } from "../api/session.ts";
import { Avatar } from "./avatar.tsx";
import { Link, navigate, usePlace } from "./router.tsx";

export function Header() {
  const { person } = useSession();
  const config = useConfig();
  const { path } = usePlace();
  const inClasses = path === "/" || path.startsWith("/rooms/");
  return (
    <header className="header">
      <Link href="/" className="brand" aria-label="Howdah">
        <img src="/icon.svg" alt="" width="24" height="24" />
        <span>Howdah</span>
      </Link>
      <nav aria-label="Main">
        {person && (
          <Link href="/" aria-current={inClasses ? "page" : undefined}>
            Classes
          </Link>
        )}
        {config?.mailbox && (
          <Link href="/mailbox" aria-current={path === "/mailbox" ? "page" : undefined}>
            Mailbox
          </Link>
        )}
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

function Account({ id, name }: { id: string; name: string }) {
  const [problem, setProblem] = useState("");
  const leave = () => {
    signOut().then(
      () => navigate("/sign-in"),
      (error: unknown) => setProblem(sayProblem(error)),
    );
  };
  return (
    <div className="account" title={name}>
      <Avatar id={id} name={name} />
      <span className="account-name">{name}</span>
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
