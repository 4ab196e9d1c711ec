import { useCallback, useState } from "react";
import type { Person } from "../../api/session.ts";
import { sayAudience } from "../../parts/audience-picker.tsx";
import { Loading } from "../../parts/loading.tsx";
import { moment } from "../../parts/moments.ts";
import { Page } from "../../parts/page.tsx";
import { Prose } from "../../parts/prose.tsx";
import { Link } from "../../parts/router.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { usePersonEvents } from "../../parts/use-person-events.ts";
import { type EventDetails, loadEvent } from "./api.ts";
import { CancelDialog } from "./cancel-dialog.tsx";
import { DateLeaf } from "./event-card.tsx";
import { OrganiserPanel } from "./organiser-panel.tsx";
import { RsvpPanels } from "./rsvp-panel.tsx";
import { isOver, sayThere, sayWhen } from "./times.ts";

export function EventPage({ id, person }: { id: string; person: Person }) {
  const load = useCallback(() => loadEvent(id), [id]);
  const loaded = useLoad(load);
  usePersonEvents(person.id, (event, { category }) => {
    if (event === "notification" && category === "event") loaded.reload();
  });
  return (
    <Loading of={loaded} what="the event">
      {(event) => <ShownEvent event={event} person={person} reload={loaded.reload} />}
    </Loading>
  );
}

type ShownEventProps = { event: EventDetails; person: Person; reload: () => void };

function ShownEvent({ event, person, reload }: ShownEventProps) {
  const [cancelling, setCancelling] = useState(false);
  const over = isOver(event);
  const mayChange = event.telling !== null && !event.cancelledAt && !over;
  return (
    <Page
      title={event.title}
      back={{ label: "Events", href: "/events" }}
      lead={
        <>
          {event.cancelledAt && <span className="chip bad">Cancelled</span>}
          {over && !event.cancelledAt && <span className="chip">Over</span>}
        </>
      }
      actions={
        mayChange && (
          <>
            <Link className="button" href={`/events/${event.id}/edit`}>
              Change
            </Link>
            <button type="button" className="button danger" onClick={() => setCancelling(true)}>
              Cancel the event…
            </button>
          </>
        )
      }
    >
      <div className="event-columns">
        <div>
          {event.cancelledAt && (
            <p className="callout warning" role="status">
              This event was cancelled {moment(event.cancelledAt)}. {event.cancelReason}
            </p>
          )}
          <Facts event={event} />
          {!event.cancelledAt && !over && <RsvpPanels event={event} person={person} onAnswered={reload} />}
        </div>
        <OrganiserPanel event={event} reload={reload} />
      </div>
      {cancelling && (
        <CancelDialog
          event={event}
          onClose={() => setCancelling(false)}
          onDone={() => {
            setCancelling(false);
            reload();
          }}
        />
      )}
    </Page>
  );
}

function Facts({ event }: { event: EventDetails }) {
  const { startsAt, endsAt, timeZone, place, description, groupIds, roles, groups, creator, capacity } =
    event;
  const there = sayThere(startsAt, timeZone);
  const audience = groupIds.length > 0 && sayAudience({ groupIds, roles }, groups);
  return (
    <section className="panel event-facts" aria-label="What, when and where">
      <DateLeaf at={startsAt} />
      <dl className="facts">
        <dt>When</dt>
        <dd data-testid="event-when">
          {sayWhen(startsAt, endsAt)}
          {there && <span className="soft small"> ({there})</span>}
        </dd>
        {place && (
          <>
            <dt>Where</dt>
            <dd>{place}</dd>
          </>
        )}
        <dt>For</dt>
        <dd>
          {audience || "People by name"}
          {capacity !== null && `, ${capacity} places`}
        </dd>
        {creator && (
          <>
            <dt>By</dt>
            <dd>{creator.name}</dd>
          </>
        )}
      </dl>
      {description && (
        <p className="event-words">
          <Prose text={description} />
        </p>
      )}
    </section>
  );
}
