import type { LetterEvent } from "./api.ts";
import { sayFullMoment } from "./moments.ts";
import { sayEvent } from "./word.tsx";

/** What has happened to the letter, in the order in which it did. */
export function Timeline({ events }: { events: LetterEvent[] }) {
  if (events.length === 0) return <p className="letter-empty">Nothing has happened to this letter yet.</p>;
  return (
    <ol className="timeline">
      {events.map(({ type, recipient, at, details }, position) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: events are only ever added at the end
        <li key={position} data-testid="letter-event">
          <p>
            <strong>{sayEvent(type)}</strong> <time dateTime={at}>{sayFullMoment(at)}</time>
          </p>
          <p>{recipient}</p>
          <p>{sayDetails(details)}</p>
        </li>
      ))}
    </ol>
  );
}

function sayDetails({ Summary, DeliveryMessage, Origin, ...others }: Record<string, unknown>): string {
  if (Summary ?? DeliveryMessage) return String(Summary ?? DeliveryMessage);
  if (Origin) return `by the ${String(Origin).toLowerCase()}`;
  return Object.entries(others)
    .filter(([, value]) => typeof value === "string")
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ");
}
