import { useEffect } from "react";
import { restoreSession, useSession } from "./api/session.ts";
import { keepWanted } from "./api/wanted.ts";
import { Header } from "./parts/header.tsx";
import { Notice } from "./parts/notice.tsx";
import { navigate, usePlace } from "./parts/router.tsx";
import { ClassesScreen } from "./screens/classes.tsx";
import { MailboxScreen } from "./screens/mailbox.tsx";
import { NotFoundScreen } from "./screens/not-found.tsx";
import { SignInScreen } from "./screens/sign-in.tsx";

export function App() {
  return (
    <div className="shell">
      <Header />
      <Screen />
    </div>
  );
}

function Screen() {
  const { path } = usePlace();
  const room = /^\/rooms\/([^/]+)\/?$/.exec(path)?.[1];
  if (path === "/sign-in") return <SignInScreen />;
  if (path === "/mailbox") return <MailboxScreen />;
  if (path === "/" || room) return <SignedIn roomId={room} />;
  return <NotFoundScreen />;
}

function SignedIn({ roomId }: { roomId: string | undefined }) {
  const session = useSession();
  const { person } = session;
  if (person) return <ClassesScreen key={person.id} person={person} roomId={roomId} />;
  if (session.status === "loading") return <Notice busy>Opening Howdah…</Notice>;
  if (session.status === "unreachable") {
    return (
      <Notice
        title="Howdah does not answer"
        action={{ label: "Try again", run: () => void restoreSession() }}
      >
        Check your connection. We keep trying in the background.
      </Notice>
    );
  }
  return <SignInFirst wanted={!session.byChoice} />;
}

/** After the sign-in the page that was wanted opens. */
function SignInFirst({ wanted }: { wanted: boolean }) {
  const { path } = usePlace();
  useEffect(() => {
    if (wanted && path !== "/") keepWanted(path);
    navigate("/sign-in", { replace: true });
  }, [wanted, path]);
  return null;
}
