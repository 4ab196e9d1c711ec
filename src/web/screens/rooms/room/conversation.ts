import {
  loadMessage,
  loadPage,
  messageFromBroadcast,
  type Page,
  type Quote,
  type StoredMessage,
} from "../../../api/messages.ts";
import { isPassing, sayProblem } from "../../../api/problem.ts";
import type { Person } from "../../../api/session.ts";
import { Store } from "../../../parts/store.ts";
import { afterEvent } from "./heard.ts";
import { asLine, draftOf, firstSeq, type Line, lastSeq, merge, quoteOf, type SentState } from "./lines.ts";
import { Outbox } from "./outbox.ts";

export type ConversationView = {
  lines: readonly Line[];
  phase: "loading" | "ready" | "failed";
  problem: string;
  hasOlder: boolean;
  /** Newer messages are not here: the reader has jumped back. */
  hasNewer: boolean;
  loading: "older" | "newer" | null;
  /** The message to bring into view, anew with every object. */
  target: { seq: number } | null;
};

/** Hears up to which message somebody has got or, with `read`, read them. */
type Watcher = (seq: number, read: boolean) => void;

const NOTHING_YET: ConversationView = {
  lines: [],
  phase: "loading",
  problem: "",
  hasOlder: false,
  hasNewer: false,
  loading: null,
  target: null,
};

const GAP_PATIENCE_MS = 500;
const READ_AGAIN_MS = 3_000;
const MAX_PAGES = 20;
const BEFORE_TARGET = 20;

/** What is said in one room: stored history, live messages and our own that are still on their way. */
export class Conversation extends Store<ConversationView> {
  readonly #roomId: string;
  readonly #person: Person;
  readonly #outbox: Outbox;
  readonly #watchers = new Set<Watcher>();
  #complete = 0; // every message up to this seq is here
  #reading: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = true;

  constructor(roomId: string, person: Person) {
    super(NOTHING_YET);
    this.#roomId = roomId;
    this.#person = person;
    this.#outbox = new Outbox(roomId, {
      stored: (message) => this.receive([message]),
      failed: (clientId, state, problem) => this.#mark(clientId, state, problem),
    });
  }

  /** Tells how far messages have reached somebody, or were read. */
  onArrival(tell: Watcher): () => void {
    this.#watchers.add(tell);
    return () => void this.#watchers.delete(tell);
  }

  open() {
    this.#closed = false;
    void this.catchUp();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Reads what was stored since the last complete seq; the newest page on the first call. */
  async catchUp(): Promise<void> {
    await this.#reading;
    if (this.view().hasNewer) return;
    this.#reading = this.#readNews().catch((error: unknown) => this.#readAgainLater(error));
    await this.#reading;
  }

  loadOlder = () => this.#extend("older");
  loadNewer = () => this.#extend("newer");

  /** Brings a message into view, wherever it stands in the history. */
  async jumpTo(seq: number): Promise<void> {
    if (!this.view().lines.some((line) => line.seq === seq)) {
      try {
        this.#replace(await loadPage(this.#roomId, { from: Math.max(1, seq - BEFORE_TARGET) }));
      } catch (error) {
        this.change({ problem: sayProblem(error) });
        return;
      }
    }
    this.change({ target: { seq } });
  }

  /** Leaves an earlier part of the history for the newest page. */
  async backToNewest(): Promise<void> {
    if (!this.view().hasNewer) return;
    this.#complete = 0;
    this.change({ hasNewer: false, target: null });
    await this.catchUp();
  }

  hear(event: string, payload: Record<string, unknown>) {
    const message = event === "message" ? messageFromBroadcast(payload) : null;
    if (event === "read" || event === "delivered")
      for (const tell of this.#watchers) tell(Number(payload.seq), event === "read");
    if (message) this.#hearMessage(message);
    else this.change({ lines: afterEvent(this.view().lines, event, payload, this.#person.id) });
  }

  /** Takes in stored messages, from wherever they come and however often. */
  receive(messages: readonly StoredMessage[]) {
    this.change({ lines: merge(this.view().lines, messages.map(asLine)) });
    this.#fillGaps();
  }

  send(body: string, replyTo: Quote | null) {
    const draft = draftOf(this.#person, body, replyTo);
    void this.backToNewest();
    this.change({ lines: merge(this.view().lines, [draft]) });
    this.#outbox.post(draft);
  }

  /** Sends again with the same client id, so that the server stores it once whatever became of the first try. */
  retry(line: Line, confirm = false) {
    this.#mark(line.clientId, "sending");
    this.#outbox.post(line, confirm);
  }

  retryPassing() {
    for (const line of this.view().lines) if (line.state === "waiting") this.retry(line);
  }

  discard({ clientId }: Line) {
    const lines = this.view().lines.filter((line) => line.seq !== undefined || line.clientId !== clientId);
    this.change({ lines });
  }

  #hearMessage(message: StoredMessage) {
    if (this.view().hasNewer || this.view().lines.some(({ seq }) => seq === message.seq)) return;
    const first = this.view().lines.find(({ id }) => id !== undefined && id === message.replyToId);
    this.receive([{ ...message, replyTo: first ? quoteOf(first) : null }]);
    if (message.replyToId && !first) void this.refresh(message.id);
  }

  /** Reads one message again. */
  async refresh(id: string): Promise<void> {
    const message = await loadMessage(id).catch(() => null);
    if (message && this.view().lines.some((line) => line.id === id)) this.receive([message]);
  }

  async #readNews() {
    let page = await loadPage(this.#roomId);
    const newest = page;
    const news = [...page.messages];
    for (let pages = 1; this.#isBehind(page) && pages < MAX_PAGES; pages++) {
      page = await loadPage(this.#roomId, { before: firstSeq(news.map(asLine)) });
      news.unshift(...page.messages);
    }
    if (this.#complete === 0 || this.#isBehind(page)) this.#startFrom(page);
    this.#complete = Math.max(this.#complete, newest.messages.at(-1)?.seq ?? 0);
    this.receive(news);
    this.change({ phase: "ready", problem: "" });
  }

  #isBehind({ messages, hasOlder }: Page): boolean {
    return hasOlder && this.#complete > 0 && (messages[0]?.seq ?? 0) > this.#complete + 1;
  }

  // Nothing older than this page is kept: between the two would be a hole nobody could see.
  #startFrom({ messages, hasOlder }: Page) {
    const oldest = messages[0]?.seq ?? 0;
    const lines = this.view().lines.filter(({ seq }) => seq === undefined || seq >= oldest);
    this.change({ lines, hasOlder });
  }

  #replace({ messages, hasOlder, hasNewer }: Page) {
    const unsent = this.view().lines.filter(({ seq }) => seq === undefined);
    this.change({
      lines: merge(unsent, messages.map(asLine)),
      hasOlder,
      hasNewer,
      phase: "ready",
      problem: "",
    });
    this.#complete = hasNewer ? 0 : lastSeq(this.view().lines);
  }

  async #extend(way: "older" | "newer"): Promise<void> {
    const older = way === "older";
    const { lines, hasOlder, hasNewer, loading } = this.view();
    if (loading || !(older ? hasOlder : hasNewer)) return;
    this.change({ loading: way, problem: "" });
    try {
      const span = older ? { before: firstSeq(lines) } : { from: lastSeq(lines) + 1 };
      const page = await loadPage(this.#roomId, span);
      const stayed = firstSeq(this.view().lines) === firstSeq(lines);
      if (stayed) this.#append(page, older); // else the reader has jumped away meanwhile
    } catch (error) {
      this.change({ problem: sayProblem(error) });
    }
    this.change({ loading: null });
  }

  #append({ messages, hasOlder, hasNewer }: Page, older: boolean) {
    this.receive(messages);
    if (older) return this.change({ hasOlder });
    this.change({ hasNewer });
    if (!hasNewer) this.#complete = lastSeq(this.view().lines);
  }

  #fillGaps() {
    if (this.view().hasNewer) return;
    const known = new Set(this.view().lines.map(({ seq }) => seq));
    while (known.has(this.#complete + 1)) this.#complete++;
    if (this.view().phase === "ready" && lastSeq(this.view().lines) > this.#complete)
      this.#readIn(GAP_PATIENCE_MS);
  }

  #readAgainLater(error: unknown) {
    if (this.view().phase !== "ready") this.change({ phase: "failed", problem: sayProblem(error) });
    if (isPassing(error)) this.#readIn(READ_AGAIN_MS);
  }

  #readIn(ms: number) {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void this.catchUp(), ms);
  }

  #mark(clientId: string, state: Exclude<SentState, "stored">, problem = "") {
    const lines = this.view().lines.map((line) =>
      line.state !== "stored" && line.clientId === clientId ? { ...line, state, problem } : line,
    );
    this.change({ lines });
  }
}
