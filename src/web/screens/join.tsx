import { useCallback } from "react";
import { loadPreview } from "../api/invitations.ts";
import { useSession } from "../api/session.ts";
import { Notice } from "../parts/notice.tsx";
import { navigate, usePlace } from "../parts/router.tsx";
import type { Screen } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { AskToJoin } from "./join/ask-to-join.tsx";
import { JoinNow } from "./join/join-now.tsx";

export default { path: /^\/join$/, open: true, View: JoinScreen } satisfies Screen;

/** Where an invitation link leads: in at once for who is signed in, by a letter for everybody else. */
function JoinScreen() {
  const { hash } = usePlace();
  return (
    <main className="screen sign-in">
      <title>Join · Howdah</title>
      <section className="card">
        <Invitation key={hash} token={hash} />
      </section>
    </main>
  );
}

function Invitation({ token }: { token: string }) {
  const { person, status } = useSession();
  const load = useCallback(async () => ({ preview: token ? await loadPreview(token) : null }), [token]);
  const { data, problem, reload } = useLoad(load);
  if (!data && problem) return <Notice action={{ label: "Try again", run: reload }}>{problem}</Notice>;
  if (!data || status === "loading") return <Notice busy>Looking at the invitation…</Notice>;
  if (!data.preview) {
    return (
      <Notice
        title="This link does not work any more"
        action={{ label: "Go to Howdah", run: () => navigate("/") }}
      >
        It has expired, was used up or has been ended. Ask whoever gave it to you for a new one.
      </Notice>
    );
  }
  if (person) return <JoinNow preview={data.preview} token={token} person={person} />;
  return <AskToJoin preview={data.preview} token={token} />;
}
