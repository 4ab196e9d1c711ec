import { useEffect, useRef, useState } from "react";
import { Problem, sayProblem } from "../../api/problem.ts";
import type { Campaign } from "./api.ts";
import { type Draft, loadOutlook, type Outlook, saveDraft } from "./draft-api.ts";

const SAVE_AFTER_MS = 700;

export type Saving = "saved" | "waiting" | "saving" | "failed";
export type DraftState = {
  draft: Draft;
  set(patch: Partial<Draft>): void;
  saving: Saving;
  problems: Record<string, string>;
  outlook: Outlook | null;
  /** Why there is no outlook: what stands in the way of sending. */
  obstacle: string;
};

/** A draft that saves itself when one pauses, and shows what the letters would look like then. */
export function useDraft(campaign: Campaign): DraftState {
  const [draft, setDraft] = useState<Draft>(() => draftOf(campaign));
  const [saving, setSaving] = useState<Saving>("saved");
  const [problems, setProblems] = useState<Record<string, string>>({});
  const [seen, setSeen] = useState<{ outlook: Outlook | null; obstacle: string }>({
    outlook: null,
    obstacle: "",
  });
  const turn = useRef(0);

  useEffect(() => {
    const mine = ++turn.current;
    const changed = mine > 1;
    const work = async () => {
      if (changed) {
        setSaving("saving");
        const failed = await saveDraft(campaign.id, draft).then(() => null, placed);
        if (mine !== turn.current) return;
        setProblems(failed ?? {});
        setSaving(failed ? "failed" : "saved");
        if (failed) return;
      }
      const next = await loadOutlook(campaign.id).then(
        (outlook) => ({ outlook, obstacle: "" }),
        (error: unknown) => ({ outlook: null, obstacle: sayProblem(error) }),
      );
      if (mine === turn.current) setSeen(next);
    };
    if (changed) setSaving("waiting");
    const timer = setTimeout(() => void work(), changed ? SAVE_AFTER_MS : 0);
    return () => clearTimeout(timer);
  }, [campaign.id, draft]);

  const set = (patch: Partial<Draft>) => setDraft((before) => ({ ...before, ...patch }));
  return { draft, set, saving, problems, ...seen };
}

function draftOf(campaign: Campaign): Draft {
  const { name, subject, body, audienceGroupIds, audienceRoles, currency, dueOn, mergeTags } = campaign;
  const tags = mergeTags.nodes.map(({ name, type, defaultValue }) => ({ name, type, defaultValue }));
  const purpose = campaign.purpose ?? "";
  return { name, subject, body, audienceGroupIds, audienceRoles, purpose, currency, dueOn, tags };
}

function placed(error: unknown): Record<string, string> {
  const field = error instanceof Problem ? error.field : undefined;
  return { [field ?? "form"]: sayProblem(error) };
}
