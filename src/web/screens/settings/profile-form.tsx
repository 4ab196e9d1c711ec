import { type FormEvent, useState } from "react";
import { type CommunityWords, type Profile, updateProfile } from "../../api/account.ts";
import { callPerson } from "../../api/session.ts";
import { InputField, SelectField } from "../../parts/fields.tsx";
import { LANGUAGES, sayZone, zoneOptions } from "../../parts/places.ts";
import { useAct } from "../../parts/use-act.ts";

type ProfileFormProps = { profile: Profile; community: CommunityWords | null; say: (words: string) => void };

export function ProfileForm({ profile, community, say }: ProfileFormProps) {
  const [name, setName] = useState(profile.name);
  const [locale, setLocale] = useState(profile.locale ?? "");
  const [timeZone, setTimeZone] = useState(profile.timeZone ?? "");
  const { busy, problem, field, run } = useAct();
  const at = (which: string) => (field === which ? problem : "");

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const done = await run(() => updateProfile(name.trim(), locale, timeZone));
    if (!done) return;
    callPerson(name.trim());
    say("Saved.");
  };
  return (
    <form className="panel" onSubmit={save} noValidate aria-label="Profile">
      <h2>Profile</h2>
      <InputField
        label="Name"
        data-testid="profile-name"
        autoComplete="name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        problem={at("name")}
      />
      <div className="form-pair">
        <SelectField
          label="Language"
          hint="Of the letters that you get."
          value={locale}
          onChange={(event) => setLocale(event.target.value)}
          options={[["", asCommunity(LANGUAGES[community?.locale ?? ""])], ...Object.entries(LANGUAGES)]}
          problem={at("locale")}
        />
        <SelectField
          label="Time zone"
          hint="Of your quiet hours and digests."
          value={timeZone}
          onChange={(event) => setTimeZone(event.target.value)}
          options={[["", asCommunity(community?.timeZone)], ...zoneOptions(timeZone)]}
          problem={at("timeZone")}
        />
      </div>
      <div className="form-foot">
        <p className="form-problem" role="alert">
          {["name", "locale", "timeZone"].includes(field ?? "") ? "" : problem}
        </p>
        <button type="submit" className="button primary" data-testid="profile-save" disabled={busy}>
          {busy ? "Saving…" : "Save"}
        </button>
      </div>
    </form>
  );
}

function asCommunity(what: string | undefined): string {
  return what ? `As the community: ${sayZone(what)}` : "As the community";
}
