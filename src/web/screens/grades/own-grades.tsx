import type { Person } from "../../api/session.ts";
import { Loading } from "../../parts/loading.tsx";
import { dayWord, moment } from "../../parts/moments.ts";
import { Notice } from "../../parts/notice.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { usePersonEvents } from "../../parts/use-person-events.ts";
import { showWhole } from "./marks.ts";
import { type GradesOf, loadOwnGrades, type OwnGrade } from "./own-api.ts";

/** What a student got, or a guardian's children; new grades appear by themselves. */
export function OwnGrades({ person }: { person: Person }) {
  const loaded = useLoad(loadOwnGrades);
  usePersonEvents(person.id, (event) => {
    if (event === "live" || event === "notification") loaded.reload();
  });
  return (
    <Loading of={loaded} what="grades">
      {(people) =>
        people.map((one) => <GradesOfPerson key={one.personId} {...one} alone={people.length === 1} />)
      }
    </Loading>
  );
}

function GradesOfPerson({ name, own, grades, alone }: GradesOf & { alone: boolean }) {
  const groups = [...new Map(grades.map(({ group }) => [group.id, group])).values()];
  return (
    <section className="own-grades" aria-label={own ? "Your grades" : `Grades of ${name}`}>
      {!(alone && own) && <h2>{own ? "You" : name}</h2>}
      {grades.length === 0 && (
        <Notice title="No grades yet">When a teacher releases grades, they appear here.</Notice>
      )}
      {groups.map((group) => (
        <section key={group.id} className="panel" aria-label={group.name}>
          <h3>{group.name}</h3>
          <ul>
            {grades
              .filter((grade) => grade.group.id === group.id)
              .map((grade) => (
                <GradeRow key={grade.id} grade={grade} />
              ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

function GradeRow({ grade }: { grade: OwnGrade }) {
  const { assignment, comment, releasedAt, changedAt, changes } = grade;
  const before = changes.nodes.map((value) => showWhole(value, assignment));
  return (
    <li data-testid="own-grade">
      <div className="own-grade-words">
        <strong>{assignment.title}</strong>
        {comment && <p>{comment}</p>}
        <p className="soft small">
          {releasedAt && dayWord(releasedAt)}
          {changedAt && ` · corrected ${moment(changedAt)}`}
          {changedAt && before.length > 0 && ` (was ${before.join(", then ")})`}
        </p>
      </div>
      <span className="own-grade-value">{showWhole(grade, assignment)}</span>
    </li>
  );
}
