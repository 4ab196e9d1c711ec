import { type ChangeEvent, type FormEvent, useState } from "react";
import type { Group } from "../../api/groups.ts";
import { type InvitedLine, inviteMany } from "../../api/invitations.ts";
import { TextField } from "../../parts/fields.tsx";
import { plural } from "../../parts/plural.ts";
import { useAct } from "../../parts/use-act.ts";

const EXAMPLE =
  "email,name,role,child_email\nrani@example.org,Rani Putri,student,\nibu@example.org,Ibu Putri,parent,rani@example.org";

/** Invites many people at once; what became of each line stands beside it. */
export function ListTab({ group, onChanged }: { group: Group; onChanged: () => void }) {
  const [csv, setCsv] = useState("");
  const [lines, setLines] = useState<InvitedLine[] | null>(null);
  const { busy, problem, run } = useAct();

  const take = async (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? [];
    if (file) setCsv(await file.text());
    event.target.value = "";
  };
  const invite = async (event: FormEvent) => {
    event.preventDefault();
    setLines(null);
    await run(async () => {
      setLines(await inviteMany(group.id, csv));
      onChanged();
    });
  };
  return (
    <div className="group-sections">
      <form className="panel" onSubmit={invite} noValidate>
        <h2>A whole list</h2>
        <p className="people-facts">
          The first line names the columns: email, name, role and, for parents, child_email. A table that is
          copied from a spreadsheet works too. Sending a list again invites only whom it did not invite
          before.
        </p>
        <TextField
          label="List"
          rows={7}
          spellCheck={false}
          className="list-text"
          data-testid="list-text"
          placeholder={EXAMPLE}
          value={csv}
          onChange={(event) => setCsv(event.target.value)}
          problem={problem}
        />
        <div className="list-foot">
          <label className="button">
            Choose a file
            <input type="file" className="visually-hidden" accept=".csv,.tsv,.txt,text/csv" onChange={take} />
          </label>
          <button
            type="submit"
            className="button primary"
            data-testid="list-invite"
            disabled={busy || !csv.trim()}
          >
            {busy ? "Inviting…" : "Invite them all"}
          </button>
        </div>
      </form>
      <div role="status">{lines && <Report lines={lines} />}</div>
    </div>
  );
}

const WORDS = { invited: "Invited", already: "Invited before", refused: "Not invited" };
const TONES = { invited: "good", already: "", refused: "bad" };

function Report({ lines }: { lines: InvitedLine[] }) {
  const count = (outcome: InvitedLine["outcome"]) => lines.filter((line) => line.outcome === outcome).length;
  const refused = count("refused");
  return (
    <section className="panel" aria-label="What became of the list">
      <h2>
        {plural(count("invited"), "invitation")} on the way
        {count("already") > 0 && `, ${count("already")} invited before`}
        {refused > 0 && `, ${refused} to mend`}
      </h2>
      <div className="table-frame">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col">Address</th>
              <th scope="col">Outcome</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ line, email, outcome, reason }) => (
              <tr key={line} data-testid="list-line" data-outcome={outcome}>
                <td className="number">{line}</td>
                <td>{email || "—"}</td>
                <td>
                  <span className={`chip ${TONES[outcome]}`}>{WORDS[outcome]}</span> {reason}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
