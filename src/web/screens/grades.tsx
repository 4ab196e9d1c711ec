import { loadMyGroups, type MyGroups } from "../api/my-groups.ts";
import type { Person } from "../api/session.ts";
import { Loading } from "../parts/loading.tsx";
import { Page } from "../parts/page.tsx";
import { Link } from "../parts/router.tsx";
import type { Screen, ScreenProps } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import "./grades/grades.css";
import { GradebookView } from "./grades/gradebook.tsx";
import { OwnGrades } from "./grades/own-grades.tsx";
import { useGradebook } from "./grades/use-gradebook.ts";

export default {
  path: /^\/grades(\/(?<groupId>[^/]+))?\/?$/,
  View: GradesScreen,
  nav: { label: "Grades", href: "/grades", order: 40 },
} satisfies Screen;

/** Teachers see the sheet of a group, everybody what they and their children got. */
function GradesScreen({ person, params: { groupId } }: ScreenProps) {
  const groups = useLoad(loadMyGroups);
  return (
    <Loading of={groups} what="grades">
      {(mine) => <Grades person={person} mine={mine} groupId={groupId} />}
    </Loading>
  );
}

type GradesProps = { person: Person; mine: MyGroups; groupId: string | undefined };

function Grades({ person, mine: { staffGroups, groups, hasChildren }, groupId }: GradesProps) {
  const first = staffGroups.find(({ kind }) => kind === "class") ?? staffGroups[0];
  const shown = groupId ?? first?.id ?? "own";
  const onlyStaff = !hasChildren && staffGroups.length > 0 && groups.every(({ staff }) => staff);
  if (shown === "own")
    return (
      <Page title="Grades" width="narrow">
        <GroupTabs mine={staffGroups} shown={shown} own={!onlyStaff} />
        <OwnGrades person={person} />
      </Page>
    );
  return (
    <Page title="Grades" width="whole">
      <GroupTabs mine={staffGroups} shown={shown} own={!onlyStaff} />
      <GroupGrades key={shown} groupId={shown} />
    </Page>
  );
}

type GroupTabsProps = { mine: { id: string; name: string }[]; shown: string; own: boolean };

function GroupTabs({ mine, shown, own }: GroupTabsProps) {
  const tabs = [...mine, ...(own ? [{ id: "own", name: "Your grades" }] : [])];
  if (tabs.length < 2) return null;
  return (
    <nav className="group-tabs" aria-label="Groups">
      {tabs.map(({ id, name }) => (
        <Link key={id} href={`/grades/${id}`} aria-current={id === shown ? "page" : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}

function GroupGrades({ groupId }: { groupId: string }) {
  const { sheet, ...loaded } = useGradebook(groupId);
  return (
    <Loading of={loaded} what="the sheet">
      {() => sheet && <GradebookView sheet={sheet} reload={loaded.reload} />}
    </Loading>
  );
}
