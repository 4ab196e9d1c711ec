import { useEffect, useRef } from "react";
import { useConfig } from "../api/config.ts";
import type { InviteOutcome } from "./invite-fields.tsx";
import { Link } from "./router.tsx";

type InviteDoneProps = { outcome: InviteOutcome | null; groupName: string; members: number };

/** What became of an invitation; brought into view, again after the new member's row has pushed it down. */
export function InviteDone({ outcome, groupName, members }: InviteDoneProps) {
  const config = useConfig();
  const place = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the number of rows moves the element
  useEffect(() => {
    if (outcome) place.current?.scrollIntoView({ block: "nearest" });
  }, [outcome, members]);
  return (
    <div role="status" ref={place}>
      {outcome && (
        <p className={`callout ${outcome.was === "member" ? "" : "good"}`} data-testid="invite-done">
          {words(outcome, groupName)}
          {config?.mailbox && outcome.was !== "member" && (
            <>
              {" "}
              <Link href="/mailbox">Read it in the mailbox</Link>
            </>
          )}
        </p>
      )}
    </div>
  );
}

function words({ name, email, was }: InviteOutcome, groupName: string): string {
  if (was === "member") return `${name} was in ${groupName} already. No letter was sent again.`;
  if (was === "joined") return `${name} is in ${groupName}. The invitation is on its way to ${email}.`;
  return `The invitation is on its way to ${email}. ${name} is in ${groupName} when it is accepted.`;
}
