import { loadPage, type Page, type StoredMessage, sendMessage } from "../../api/messages.ts";
import { isPassing, sayProblem } from "../../api/problem.ts";
import type { Person } from "../../api/session.ts";
import { draftOf, type Line, lastSeq, merge, type SentState } from "./lines.ts";

export type ConversationView = {
  lines: readonly Line[];
  phase: "loading" | "ready" | "failed";
  problem: string;
  hasOlder: boolean;
  loadingOlder: boolean;
};

const GAP_PATIENCE_MS = 500;
const READ_AGAIN_MS = 3_000;
const MAX_PAGES = 20;

/** What is said in one room: stored history, live messages and our own that are still on their way. */
export class Conversation {
  readonly #roomId: string;
  readonly #person: Person;
  readonly #listeners = new Set<() => void>();
  #view: ConversationView = {
    lines: [],
    phase: "loading",
    problem: "",
    hasOlder: false,
    loadingOlder: false,
  };
  #complete = 0; // every message up to this seq is here
  #oldestCursor: string | null = null;
  #reading: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = true;
  #sending: Promise<void> = Promise.resolve();

  constructor(roomId: string, person: Person) {
    this.#roomId = roomId;
    this.#person = person;
  }

  readonly view = () => this.#view;

  readonly subscribe = (tell: () => void) => {
    this.#listeners.add(tell);
    return () => void this.#listeners.delete(tell);
  };

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
    this.#reading = this.#readNews().catch((error: unknown) => this.#readAgainLater(error));
    await this.#reading;
  }

  async loadOlder(): Promise<void> {
    if (!this.#view.hasOlder || this.#view.loadingOlder) return;
    this.#change({ loadingOlder: true, problem: "" });
    try {
      this.#prepend(await loadPage(this.#roomId, this.#oldestCursor));
    } catch (error) {
      this.#change({ problem: sayProblem(error) });
    }
    this.#change({ loadingOlder: false });
  }

  /** Takes in stored messages, from wherever they come and however often. */
  receive(messages: StoredMessage[]) {
    const stored = messages.map((message): Line => ({ ...message, state: "stored" }));
    this.#change({ lines: merge(this.#view.lines, stored) });
    this.#fillGaps();
  }

  send(body: string) {
    const draft = draftOf(this.#person, body);
    this.#change({ lines: merge(this.#view.lines, [draft]) });
    this.#post(draft);
  }

  /** Sends again with the same client id, so that the server stores it once whatever became of the first try. */
  retry(line: Line) {
    this.#mark(line.clientId, "sending");
    this.#post(line);
  }

  retryPassing() {
    for (const line of this.#view.lines) if (line.state === "waiting") this.retry(line);
  }

  discard({ clientId }: Line) {
    const lines = this.#view.lines.filter((line) => line.seq !== undefined || line.clientId !== clientId);
    this.#change({ lines });
  }

  async #readNews() {
    let page = await loadPage(this.#roomId, null);
    const newest = page;
    const news = [...page.messages];
    for (let pages = 1; this.#isBehind(page) && pages < MAX_PAGES; pages++) {
      page = await loadPage(this.#roomId, page.oldestCursor);
      news.unshift(...page.messages);
    }
    if (this.#complete === 0 || this.#isBehind(page)) this.#startFrom(page);
    this.#complete = Math.max(this.#complete, newest.messages.at(-1)?.seq ?? 0);
    this.receive(news);
    this.#change({ phase: "ready", problem: "" });
  }

  #isBehind({ messages, hasOlder }: Page): boolean {
    return hasOlder && this.#complete > 0 && (messages[0]?.seq ?? 0) > this.#complete + 1;
  }

  // Nothing older than this page is kept: between the two would be a hole nobody could see.
  #startFrom(page: Page) {
    const oldest = page.messages[0]?.seq ?? 0;
    this.#oldestCursor = page.oldestCursor;
    const lines = this.#view.lines.filter(({ seq }) => seq === undefined || seq >= oldest);
    this.#change({ lines, hasOlder: page.hasOlder });
  }

  #prepend({ messages, hasOlder, oldestCursor }: Page) {
    this.#oldestCursor = oldestCursor ?? this.#oldestCursor;
    this.#change({ hasOlder });
    this.receive(messages);
  }

  #fillGaps() {
    const known = new Set(this.#view.lines.map(({ seq }) => seq));
    while (known.has(this.#complete + 1)) this.#complete++;
    if (this.#view.phase === "ready" && lastSeq(this.#view.lines) > this.#complete)
      this.#readIn(GAP_PATIENCE_MS);
  }

  #readAgainLater(error: unknown) {
    if (this.#view.phase !== "ready") this.#change({ phase: "failed", problem: sayProblem(error) });
    if (isPassing(error)) this.#readIn(READ_AGAIN_MS);
  }

  #readIn(ms: number) {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void this.catchUp(), ms);
  }

  // One after the other: two requests under way at once could be stored in the wrong order.
  #post({ clientId, body }: Line) {
    this.#sending = this.#sending.then(async () => {
      try {
        this.receive([await sendMessage(this.#roomId, clientId, body)]);
      } catch (error) {
        this.#mark(clientId, isPassing(error) ? "waiting" : "refused", sayProblem(error));
      }
    });
  }

  #mark(clientId: string, state: Exclude<SentState, "stored">, problem = "") {
    const lines = this.#view.lines.map((line) =>
      line.state !== "stored" && line.clientId === clientId ? { ...line, state, problem } : line,
    );
    this.#change({ lines });
  }

  #change(change: Partial<ConversationView>) {
    this.#view = { ...this.#view, ...change };
    for (const tell of this.#listeners) tell();
  }
}
