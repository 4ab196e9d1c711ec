import { useCallback, useState } from "react";
import { useIsStaff } from "../../api/use-is-staff.ts";
import { Loading } from "../../parts/loading.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Link } from "../../parts/router.tsx";
import { Segments } from "../../parts/segments.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { usePersonEvents } from "../../parts/use-person-events.ts";
import { loadEvents } from "./api.ts";
import { EventCard } from "./event-card.tsx";

type When = "upcoming" | "past";

const WHENS = [
  ["upcoming", "Upcoming"],
  ["past", "Past"],
] as const;

export function EventList({ personId }: { personId: string }) {
  const [when, setWhen] = useState<When>("upcoming");
  const load = useCallback(() => loadEvents(when === "past"), [when]);
  const loaded = useLoad(load);
  usePersonEvents(personId, (event, { category }) => {
    if (event === "notification" && category === "event") loaded.reload();
  });
  const staff = useIsStaff();
  return (
    <Page
      title="Events"
      width="narrow"
      actions={
        staff && (
          <Link className="button primary" href="/events/new">
            New event
          </Link>
        )
      }
    >
      <Segments label="Show" options={WHENS} value={when} onChange={setWhen} />
      <div className="event-list">
        <Loading of={loaded} what="events">
          {(events) =>
            events.length > 0 ? (
              <ul>
                {events.map((event) => (
                  <EventCard key={event.id} event={event} />
                ))}
              </ul>
            ) : (
              <Notice title={when === "past" ? "Nothing was on" : "Nothing is planned"}>
                {when === "past"
                  ? "Events that are over are kept here."
                  : "When somebody invites you to an event, it appears here."}
              </Notice>
            )
          }
        </Loading>
      </div>
    </Page>
  );
}
