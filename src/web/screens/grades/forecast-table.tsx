import type { Assignment, Forecast } from "./api.ts";

/** One row per student: what is ready, what they have already, what they lack. */
export function ForecastTable({ rows, assignments }: { rows: Forecast[]; assignments: Assignment[] }) {
  const titleOf = (id: string) => assignments.find((assignment) => assignment.id === id)?.title ?? "";
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="table-frame forecast" tabIndex={0} aria-label="Who would get what">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Student</th>
            <th scope="col" className="number">
              Gets now
            </th>
            <th scope="col" className="number">
              Has already
            </th>
            <th scope="col">Without a grade</th>
            <th scope="col" className="number">
              Guardians
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ personId, name, ready, alreadyReleased, missingAssignmentIds, guardians }) => (
            <tr key={personId}>
              <th scope="row">{name}</th>
              <td className="number">{ready || "–"}</td>
              <td className="number">{alreadyReleased || "–"}</td>
              <td className="soft small">{missingAssignmentIds.map(titleOf).join(", ")}</td>
              <td className="number">{guardians || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
