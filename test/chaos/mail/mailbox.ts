export type Fault = {
  action: string;
  status?: number;
  accept?: boolean;
  match: { path?: string };
  hits: number;
};

type Message = { id: string; metadata: { mid?: string } };

/** What the harness asks of the mailbox: its own view of what it has, and its bad moods. */
export class MailboxControl {
  readonly #base: string;

  constructor(url: string) {
    this.#base = `${url}/_control`;
  }

  /** The messages that were taken of each letter, by its id. */
  async taken(): Promise<Map<string, string[]>> {
    const taken = new Map<string, string[]>();
    const { Messages } = await this.#ask<{ Messages: Message[] }>("GET", "messages");
    for (const { id, metadata } of Messages) {
      const letter = metadata.mid ?? "a message without a letter";
      taken.set(letter, [...(taken.get(letter) ?? []), id]);
    }
    return taken;
  }

  async doubled(): Promise<string[]> {
    const doubled = await this.#ask<{ value: string }[]>("GET", "duplicates?by=mid");
    return doubled.map(({ value }) => value);
  }

  async pass(seconds: number): Promise<void> {
    await this.#ask("POST", "clock/advance", { seconds });
  }

  async set(settings: object): Promise<void> {
    await this.#ask("POST", "settings", settings);
  }

  async misbehave(fault: object): Promise<void> {
    await this.#ask("POST", "faults", fault);
  }

  async faults(): Promise<Fault[]> {
    return this.#ask("GET", "faults");
  }

  async behave(): Promise<void> {
    await this.#ask("DELETE", "faults");
  }

  /** How many events it has told of, by what became of them, and how often it told one again. */
  async webhooks(): Promise<Record<string, number>> {
    const { deliveries } = await this.#ask<{ deliveries: Record<string, number> }>("GET", "webhooks");
    const attempts = await this.#ask<{ traceId: string }[]>("GET", "webhooks/attempts");
    const again = attempts.length - new Set(attempts.map(({ traceId }) => traceId)).size;
    return { ...deliveries, "told again": again };
  }

  async #ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.#base}/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}
