/** What is shown, and who looks at it: made for `useSyncExternalStore`. */
export class Store<View extends object> {
  readonly #listeners = new Set<() => void>();
  #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  readonly view = (): View => this.#view;

  readonly subscribe = (tell: () => void) => {
    this.#listeners.add(tell);
    return () => void this.#listeners.delete(tell);
  };

  protected change(change: Partial<View>) {
    this.#view = { ...this.#view, ...change };
    for (const tell of this.#listeners) tell();
  }
}
