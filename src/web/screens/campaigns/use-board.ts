import { useCallback, useEffect } from "react";
import { listenToTopic } from "../../api/topic-connection.ts";
import { type Loaded, useLoad } from "../../parts/use-load.ts";
import { type Board, type Campaign, loadBoard, loadCampaign } from "./api.ts";

const LOOK_AGAIN_MS = 2_500;
const LOOK_AGAIN_LATER_MS = 20_000;
/** Most letters are delivered, or come back, within this time. */
const NEWS_COMES_WITHIN_MS = 600_000;

export type Watched = { board: Board } & Pick<Campaign, "state" | "sentAt" | "alert" | "alertReason">;

/** What has become of a campaign; the server tells of its progress, the mail service's news are looked up. */
export function useBoard(campaignId: string): Loaded<Watched> {
  const load = useCallback(async () => {
    const [board, campaign] = await Promise.all([loadBoard(campaignId), loadCampaign(campaignId)]);
    const { state, sentAt, alert, alertReason } = campaign;
    return { board, state, sentAt, alert, alertReason };
  }, [campaignId]);
  const loaded = useLoad(load);
  const { data, reload } = loaded;
  useEffect(() => listenToTopic(`campaign:${campaignId}`, () => reload()), [campaignId, reload]);
  const everyMs = data && (isMoving(data) ? LOOK_AGAIN_MS : LOOK_AGAIN_LATER_MS);
  useEffect(() => {
    if (!everyMs) return;
    const timer = setInterval(reload, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, reload]);
  return loaded;
}

function isMoving({ board, state, sentAt }: Watched): boolean {
  if (state === "preparing" || state === "sending" || board.queued > 0 || board.undecided > 0) return true;
  const isFresh = sentAt !== null && Date.now() - Date.parse(sentAt) < NEWS_COMES_WITHIN_MS;
  return isFresh && board.accepted > board.delivered + board.bounced;
}
