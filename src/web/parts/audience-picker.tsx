import type { MyGroup } from "../api/my-groups.ts";
import { Check } from "./fields.tsx";
import { plural } from "./plural.ts";

export type Audience = { groupIds: string[]; roles: string[] };

type AudiencePickerProps = {
  groups: MyGroup[];
  value: Audience;
  onChange: (audience: Audience) => void;
  problem?: string | undefined;
  /** What no group at all means. */
  none?: string;
};

export const ROLES = [
  ["student", "Students"],
  ["parent", "Parents and guardians"],
  ["teacher", "Teachers"],
  ["owner", "Owners"],
  ["member", "Members"],
] as const;

/** Whom something is for: groups, and which roles in them; no role means everybody there. */
export function AudiencePicker({ groups, value, onChange, problem, none }: AudiencePickerProps) {
  const { groupIds, roles } = value;
  return (
    <div className="form" data-testid="audience">
      <fieldset className="fieldset">
        <legend>Groups</legend>
        <div className="checks">
          {groups.map(({ id, name }) => (
            <Check
              key={id}
              label={name}
              checked={groupIds.includes(id)}
              onChange={() => onChange({ roles, groupIds: toggled(groupIds, id) })}
            />
          ))}
        </div>
        {none && groupIds.length === 0 && <p className="field-hint">{none}</p>}
      </fieldset>
      <fieldset className="fieldset">
        <legend>Who there</legend>
        <div className="checks">
          <Check
            label="Everybody"
            checked={roles.length === 0}
            onChange={() => onChange({ groupIds, roles: [] })}
          />
          {ROLES.map(([role, word]) => (
            <Check
              key={role}
              label={word}
              checked={roles.includes(role)}
              onChange={() => onChange({ groupIds, roles: toggled(roles, role) })}
            />
          ))}
        </div>
      </fieldset>
      <p className="field-problem" role="alert">
        {problem}
      </p>
    </div>
  );
}

/** "Students and teachers of Biology 7B" */
export function sayAudience({ groupIds, roles }: Audience, groups: { id: string; name: string }[]): string {
  const names = groupIds.flatMap((id) => groups.find((group) => group.id === id)?.name ?? []);
  const where = names.length > 2 ? plural(groupIds.length, "group") : names.join(" and ") || "other groups";
  const who = ROLES.filter(([role]) => roles.includes(role)).map(([, word]) => word.toLowerCase());
  return `${who.length > 0 ? capital(who.join(", ")) : "Everybody"} of ${where}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function toggled(list: string[], one: string): string[] {
  return list.includes(one) ? list.filter((other) => other !== one) : [...list, one];
}
