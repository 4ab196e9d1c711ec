import { Avatar } from "../../../parts/avatar.tsx";
import { EVERYBODY } from "./mentions.ts";
import type { Completing } from "./use-completion.ts";

export function CompletionList({ id, completing }: { id: string; completing: Completing }) {
  const { completion, chosen, pick } = completing;
  return (
    <div className="completion" hidden={!completion}>
      <div role="listbox" id={id} aria-label="People to mention">
        {completion?.matches.map((person, index) => (
          <div
            key={person.id}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            onPointerDown={(event) => {
              event.preventDefault(); // the focus stays in the text
              pick(index);
            }}
          >
            {person === EVERYBODY ? (
              <>
                <span className="avatar everybody" aria-hidden="true">
                  @
                </span>
                room <span className="count">everybody here</span>
              </>
            ) : (
              <>
                <Avatar id={person.id} name={person.name} />
                {person.name}
              </>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}
