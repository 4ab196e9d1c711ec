import type { MyGroup } from "../../api/my-groups.ts";
import type { Problems } from "../../parts/use-form.ts";
import type { EventDraft } from "./acts-api.ts";
import type { EventDetails } from "./api.ts";

/** What stands in the form. */
export type EventValues = {
  title: string;
  description: string;
  place: string;
  startsAt: string;
  endsAt: string;
  capacity: string;
  remindMinutesBefore: string;
  groupIds: string[];
  roles: string[];
  urgent: boolean;
};

export const REMINDERS = [
  ["", "none"],
  ["60", "an hour before"],
  ["180", "3 hours before"],
  ["1440", "a day before"],
  ["4320", "3 days before"],
  ["10080", "a week before"],
] as const;

export function valuesOf(event: EventDetails | undefined, groups: MyGroup[]): EventValues {
  const only = groups.length === 1 ? groups[0] : undefined;
  return {
    title: event?.title ?? "",
    description: event?.description ?? "",
    place: event?.place ?? "",
    startsAt: event?.startsAt ?? "",
    endsAt: event?.endsAt ?? "",
    capacity: event?.capacity ? `${event.capacity}` : "",
    remindMinutesBefore: event ? `${event.remindMinutesBefore ?? ""}` : "1440",
    groupIds: event?.groupIds ?? (only ? [only.id] : []),
    roles: event?.roles ?? [],
    urgent: false,
  };
}

export function draftOf({ title, description, place, startsAt, endsAt, ...rest }: EventValues): EventDraft {
  return {
    title: title.trim(),
    description,
    place: place.trim(),
    startsAt,
    endsAt: endsAt || null,
    capacity: rest.capacity.trim() ? Number(rest.capacity) : null,
    remindMinutesBefore: rest.remindMinutesBefore ? Number(rest.remindMinutesBefore) : null,
  };
}

export function checkEvent(values: EventValues, event: EventDetails | undefined): Problems {
  const problems: Problems = {};
  if (!values.title.trim()) problems.title = "Please enter a title.";
  if (!values.startsAt) problems.startsAt = "Please say when it begins.";
  if (values.endsAt && values.startsAt && Date.parse(values.endsAt) <= Date.parse(values.startsAt))
    problems.endsAt = "It must end after it begins.";
  if (values.capacity.trim() && !/^\s*[1-9]\d{0,6}\s*$/.test(values.capacity))
    problems.capacity = "Please enter a whole number, or nothing.";
  if (!event && values.groupIds.length === 0) problems.groupIds = "Please choose a group.";
  return problems;
}
