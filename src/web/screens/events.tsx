import { useCallback } from "react";
import { loadMyGroups, type MyGroup } from "../api/my-groups.ts";
import { Loading } from "../parts/loading.tsx";
import { Notice } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import type { Screen, ScreenProps } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { loadEvent } from "./events/api.ts";
import { EventForm } from "./events/event-form.tsx";
import { EventPage } from "./events/event-page.tsx";
import "./events/events.css";
import { EventList } from "./events/list.tsx";

export default {
  path: /^\/events(\/(?<eventId>[^/]+)(\/(?<edit>edit))?)?\/?$/,
  View: EventsScreen,
  nav: { label: "Events", href: "/events", order: 30 },
} satisfies Screen;

function EventsScreen({ person, params: { eventId, edit } }: ScreenProps) {
  if (!eventId) return <EventList personId={person.id} />;
  if (eventId === "new") return <NewEvent />;
  if (edit) return <ChangedEvent id={eventId} />;
  return <EventPage key={eventId} id={eventId} person={person} />;
}

function NewEvent() {
  const groups = useLoad(loadMyGroups);
  return (
    <Page title="New event" width="narrow" back={{ label: "Events", href: "/events" }}>
      <Loading of={groups} what="your groups">
        {({ staffGroups }) => <FormFor groups={staffGroups} />}
      </Loading>
    </Page>
  );
}

function FormFor({ groups }: { groups: MyGroup[] }) {
  if (groups.length > 0) return <EventForm groups={groups} />;
  return <Notice title="For teachers and owners">Only staff of a group can invite it.</Notice>;
}

function ChangedEvent({ id }: { id: string }) {
  const load = useCallback(() => loadEvent(id), [id]);
  const loaded = useLoad(load);
  return (
    <Page
      title="Change the event"
      width="narrow"
      back={{ label: "Back to the event", href: `/events/${id}` }}
    >
      <Loading of={loaded} what="the event">
        {(event) => <EventForm event={event} groups={[]} />}
      </Loading>
    </Page>
  );
}
