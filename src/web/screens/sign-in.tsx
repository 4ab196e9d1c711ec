import { usePlace } from "../parts/router.tsx";
import type { Screen } from "../parts/screen.ts";
import { RequestLink } from "./sign-in/request-link.tsx";
import { UseLink } from "./sign-in/use-link.tsx";

export default { path: /^\/sign-in$/, open: true, View: SignInScreen } satisfies Screen;

function SignInScreen() {
  const { hash } = usePlace();
  return (
    <main className="screen sign-in">
      <title>Sign in · Howdah</title>
      <section className="card">{hash ? <UseLink key={hash} token={hash} /> : <RequestLink />}</section>
    </main>
  );
}
