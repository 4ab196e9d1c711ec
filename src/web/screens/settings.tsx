import "../styles/settings.css";
import { loadAccount } from "../api/account.ts";
import { sayProblem } from "../api/problem.ts";
import { signOut } from "../api/session.ts";
import { useRunsCommunity, useServesCommunity } from "../api/use-is-staff.ts";
import { Loading } from "../parts/loading.tsx";
import { Page } from "../parts/page.tsx";
import { Link, navigate } from "../parts/router.tsx";
import type { Screen } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { useToast } from "../parts/use-toast.tsx";
import { AddressForm } from "./settings/address-form.tsx";
import { Devices } from "./settings/devices.tsx";
import { ProfileForm } from "./settings/profile-form.tsx";

export default { path: /^\/settings$/, View: SettingsScreen } satisfies Screen;

/** Who one is here, and where one is signed in. */
function SettingsScreen() {
  const account = useLoad(loadAccount);
  const [say, toast] = useToast();
  const leave = () => {
    signOut().then(
      () => navigate("/sign-in"),
      (error: unknown) => say(sayProblem(error)),
    );
  };
  const runsCommunity = useRunsCommunity();
  const servesCommunity = useServesCommunity();
  const actions = (
    <>
      {servesCommunity && (
        <Link className="button" href="/letters">
          Letters
        </Link>
      )}
      {runsCommunity && (
        <Link className="button" href="/community">
          Community
        </Link>
      )}
      <button type="button" className="button" onClick={leave}>
        Sign out here
      </button>
    </>
  );
  return (
    <Page
      title="You"
      lead="How others see you, and where you are signed in."
      actions={actions}
      width="narrow"
    >
      <Loading of={account} what="your settings">
        {({ profile, devices, community }) => (
          <>
            <ProfileForm profile={profile} community={community} say={say} />
            <AddressForm addresses={profile.addresses} />
            <Devices devices={devices} onChanged={account.reload} />
          </>
        )}
      </Loading>
      {toast}
    </Page>
  );
}
