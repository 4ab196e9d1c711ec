import { Loading } from "../../parts/loading.tsx";
import { Page } from "../../parts/page.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { useToast } from "../../parts/use-toast.tsx";
import { DigestForm } from "./digest-form.tsx";
import { PreferenceTable } from "./preference-table.tsx";
import { QuietHoursForm } from "./quiet-hours-form.tsx";
import { loadSettings } from "./settings-api.ts";

/** What is mailed and how often, and when not. */
export function InboxSettings() {
  const loaded = useLoad(loadSettings);
  const [say, toast] = useToast();
  const changed = () => {
    say("Saved.");
    loaded.reload();
  };
  return (
    <Page
      title="What reaches you"
      width="narrow"
      back={{ label: "Inbox", href: "/inbox" }}
      lead="Everything stands in your inbox. Here you choose what is mailed besides, and when."
    >
      <Loading of={loaded} what="your settings">
        {({ preferences, quietHours, digestTime, timeZone }) => (
          <>
            <PreferenceTable preferences={preferences} onChanged={changed} />
            <QuietHoursForm
              key={JSON.stringify(quietHours)}
              quiet={quietHours}
              timeZone={timeZone}
              onChanged={changed}
            />
            <DigestForm key={JSON.stringify(digestTime)} time={digestTime} onChanged={changed} />
          </>
        )}
      </Loading>
      {toast}
    </Page>
  );
}
