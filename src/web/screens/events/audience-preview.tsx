import { useCallback } from "react";
import type { Audience } from "../../parts/audience-picker.tsx";
import { plural } from "../../parts/plural.ts";
import { useLoad } from "../../parts/use-load.ts";
import { loadAudience } from "./acts-api.ts";

/** Who will be told, before anybody is. */
export function AudiencePreview({ audience }: { audience: Audience }) {
  const key = JSON.stringify(audience);
  const load = useCallback(() => loadAudience(JSON.parse(key) as Audience), [key]);
  const { data } = useLoad(load);
  if (audience.groupIds.length === 0) return null;
  const parents = audience.roles.includes("parent");
  return (
    <div className="callout audience-preview" role="status" data-testid="audience-preview">
      {data && (
        <>
          <strong>{plural(data.count, "person", "people")} will be invited</strong>
          {parents && ", and the guardians of children there"}.
          <p className="soft small">
            {data.names.join(", ")}
            {data.count > data.names.length && " and others"}
          </p>
        </>
      )}
    </div>
  );
}
