import { useState } from "react";
import { sayProblem } from "../../api/problem.ts";
import { CategoryIcon, categoryOf } from "./categories.tsx";
import {
  type Frequency,
  type Preference,
  resetPreference,
  type Source,
  setPreference,
} from "./settings-api.ts";

const FREQUENCIES: readonly (readonly [Frequency, string])[] = [
  ["instant", "At once"],
  ["digest-daily", "Daily"],
  ["digest-weekly", "Weekly"],
  ["off", "Never"],
];

const SOURCES: Record<Source, string> = {
  person: "Your choice",
  role: "As the community has it for your role",
  community: "As the community has it",
  howdah: "",
  fixed: "Locked: what concerns the safety of your account is always mailed at once",
};

type PreferenceTableProps = { preferences: Preference[]; onChanged: () => void };

/** A row per category, a radio button per frequency; what is locked says why. */
export function PreferenceTable({ preferences, onChanged }: PreferenceTableProps) {
  const [problem, setProblem] = useState("");
  const run = (work: Promise<void>) => {
    setProblem("");
    work.then(onChanged, (error: unknown) => setProblem(sayProblem(error)));
  };
  return (
    <>
      <div className="table-frame">
        <table className="table preferences">
          <caption className="visually-hidden">How often you are mailed what</caption>
          <thead>
            <tr>
              <th scope="col">By mail</th>
              {FREQUENCIES.map(([id, word]) => (
                <th key={id} scope="col">
                  {word}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preferences.map((preference) => (
              <PreferenceRow
                key={`${preference.category} ${preference.channel}`}
                preference={preference}
                choose={(frequency) => run(setPreference(preference.category, preference.channel, frequency))}
                reset={() => run(resetPreference(preference.category, preference.channel))}
              />
            ))}
          </tbody>
        </table>
      </div>
      <p className="form-problem" role="alert">
        {problem}
      </p>
    </>
  );
}

type PreferenceRowProps = {
  preference: Preference;
  choose: (frequency: Frequency) => void;
  reset: () => void;
};

function PreferenceRow({ preference: { category, frequency, source }, choose, reset }: PreferenceRowProps) {
  const { word, about } = categoryOf(category);
  const allowed = (one: Frequency) => category !== "campaign" || one === "instant" || one === "off";
  return (
    <tr data-testid="preference" data-category={category} data-frequency={frequency}>
      <th scope="row">
        <span className="preference-name">
          <CategoryIcon category={category} />
          {word}
        </span>
        <span className="soft small">{about}</span>
        <span className="soft small">
          {source === "fixed" && <LockSign />}
          {category === "campaign" && source !== "fixed" ? "At once or never " : ""}
          {SOURCES[source]}
          {source === "person" && (
            <>
              {" · "}
              <button type="button" className="link-button" onClick={reset}>
                forget it<span className="visually-hidden">: {word}</span>
              </button>
            </>
          )}
        </span>
      </th>
      {FREQUENCIES.map(([id, wordOf]) => (
        <td key={id}>
          {allowed(id) ? (
            <input
              type="radio"
              name={`frequency-${category}`}
              aria-label={`${word}: ${wordOf}`}
              checked={id === frequency}
              disabled={source === "fixed"}
              onChange={() => choose(id)}
            />
          ) : (
            <span className="soft" aria-hidden="true">
              –
            </span>
          )}
        </td>
      ))}
    </tr>
  );
}

function LockSign() {
  return (
    <svg className="icon lock" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3" />
    </svg>
  );
}
