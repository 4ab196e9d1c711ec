import { useEffect } from "react";
import { restoreSession, useSession } from "./api/session.ts";
import { keepWanted } from "./api/wanted.ts";
import { Header } from "./parts/header.tsx";
import { Notice } from "./parts/notice.tsx";
import { navigate, usePlace } from "./parts/router.tsx";
import type { Screen as SomeScreen } from "./parts/screen.ts";
import { NotFoundScreen } from "./screens/not-found.tsx";
import { navEntries, screens } from "./screens.ts";

export function App() {
  return (
    <div className="shell">
      <Header entries={navEntries} />
      <Screen />
    </div>
  );
}

function Screen() {
  const { path } = usePlace();
  for (const screen of screens) {
    const found = screen.path.exec(path);
    if (!found) continue;
    if (screen.open) return <screen.View />;
    return <SignedIn View={screen.View} params={{ ...found.groups }} />;
  }
  return <NotFoundScreen />;
}

type Closed = Extract<SomeScreen, { open?: false }>;

function SignedIn({ View, params }: { View: Closed["View"]; params: Record<string, string> }) {
  const session = useSession();
  const { person } = session;
  if (person) return <View key={person.id} person={person} params={params} />;
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
