import { graphql } from "../../api/graphql.ts";

export type Frequency = "instant" | "digest-daily" | "digest-weekly" | "off";
/** Who says so: the person, the community for a role or for everybody, Howdah; fixed: it cannot be changed. */
export type Source = "person" | "role" | "community" | "howdah" | "fixed";
export type Preference = { category: string; channel: string; frequency: Frequency; source: Source };
export type QuietHours = { startsAt: string; endsAt: string; days: number[] };
export type DigestTime = { hour: number; weekday: number };
export type Settings = {
  preferences: Preference[];
  quietHours: QuietHours | null;
  digestTime: DigestTime;
  timeZone: string;
};

export async function loadSettings(): Promise<Settings> {
  type Data = {
    myPreferences: Preference[];
    quietHours: QuietHours | null;
    digestTime: DigestTime | null;
    me: { timeZone: string | null } | null;
    community: { timeZone: string } | null;
  };
  const data = await graphql<Data>(
    `query Settings {
      myPreferences { category channel frequency source }
      quietHours { startsAt endsAt days }
      digestTime { hour weekday }
      me { timeZone }
      community { timeZone }
    }`,
  );
  return {
    preferences: data.myPreferences,
    quietHours: data.quietHours,
    digestTime: data.digestTime ?? { hour: 7, weekday: 1 },
    timeZone: data.me?.timeZone ?? data.community?.timeZone ?? "UTC",
  };
}

export async function setPreference(category: string, channel: string, frequency: Frequency): Promise<void> {
  await graphql(
    `mutation SetPreference($input: SetPreferenceInput!) { setPreference(input: $input) { clientMutationId } }`,
    { input: { category, channel, frequency } },
  );
}

/** As the community has it. */
export async function resetPreference(category: string, channel: string): Promise<void> {
  await graphql(
    `mutation ResetPreference($input: ResetPreferenceInput!) { resetPreference(input: $input) { clientMutationId } }`,
    { input: { category, channel } },
  );
}

export async function setQuietHours(from: string, to: string, days: number[]): Promise<void> {
  await graphql(
    `mutation SetQuietHours($input: SetQuietHoursInput!) { setQuietHours(input: $input) { clientMutationId } }`,
    { input: { from, to, days } },
  );
}

export async function clearQuietHours(): Promise<void> {
  await graphql(
    `mutation ClearQuietHours($input: ClearQuietHoursInput!) { clearQuietHours(input: $input) { clientMutationId } }`,
    { input: {} },
  );
}

export async function setDigestTime({ hour, weekday }: DigestTime): Promise<void> {
  await graphql(
    `mutation SetDigestTime($input: SetDigestTimeInput!) { setDigestTime(input: $input) { clientMutationId } }`,
    { input: { hour, weekday } },
  );
}
