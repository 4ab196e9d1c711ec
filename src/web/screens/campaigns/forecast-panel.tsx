import { plural } from "../../parts/plural.ts";
import type { Forecast } from "./draft-api.ts";
import { sayReason } from "./words.ts";

/** How many would get the letter now, and who would not and why. */
export function ForecastPanel({ forecast }: { forecast: Forecast }) {
  const { audience, recipients, skipped, inChunks, minutes } = forecast;
  const reasons = Object.entries(skipped);
  return (
    <div className="forecast-facts" data-testid="forecast">
      <p>
        <strong>{plural(recipients, "letter")}</strong> to {plural(audience, "person", "people")}
        {inChunks && `, at a pace: about ${plural(Math.max(1, minutes), "minute")}`}.
      </p>
      {reasons.length > 0 && (
        <ul>
          {reasons.map(([reason, people]) => (
            <li key={reason}>
              <span className="chip wait">{people} without</span> {sayReason(reason)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
