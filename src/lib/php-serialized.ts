/** A value out of PHP's serialize(): its arrays and objects keep what JSON cannot say. */
export type PhpValue = null | boolean | number | string | PhpArray | PhpObject | PhpEnum;

export class PhpArray {
  readonly entries: [key: string | number, value: PhpValue][] = [];

  /** Whether its keys are 0, 1, 2 … */
  get isList(): boolean {
    return this.entries.every(([key], index) => key === index);
  }
}

export class PhpObject {
  readonly className: string;
  /** By their names, of whatever visibility. */
  readonly properties = new Map<string, PhpValue>();
  /** The serialised text of each property. */
  readonly sources = new Map<string, string>();

  constructor(className: string) {
    this.className = className;
  }
}

export class PhpEnum {
  readonly className: string;
  readonly caseName: string;

  constructor(name: string) {
    [this.className = "", this.caseName = ""] = name.split(":");
  }
}

/** Reads what PHP's serialize() wrote; throws SyntaxError if it did not. */
export function unserialize(text: string): PhpValue {
  return new Reader(text).whole();
}

/** Strings are as long as they say in bytes, so it reads bytes. */
class Reader {
  readonly #bytes: Buffer;
  /** What r:3; and R:3; point to, counted from 1. */
  readonly #values: PhpValue[] = [];
  #at = 0;

  constructor(text: string) {
    this.#bytes = Buffer.from(text);
  }

  whole(): PhpValue {
    const value = this.#value();
    if (this.#at !== this.#bytes.length) this.#fail();
    return value;
  }

  #value(): PhpValue {
    const type = this.#take(1);
    if (type === "R") return this.#reference();
    const slot = this.#values.push(null) - 1;
    const keep = <Value extends PhpValue>(value: Value): Value => {
      this.#values[slot] = value;
      return value;
    };
    this.#expect(type === "N" ? ";" : ":");
    switch (type) {
      case "N":
        return null;
      case "b":
        return keep(this.#until(";") === "1");
      case "i":
        return keep(this.#integer());
      case "d":
        return keep(floatOf(this.#until(";")));
      case "s":
        return keep(this.#string(";"));
      case "E":
        return keep(new PhpEnum(this.#string(";")));
      case "r":
        return keep(this.#pointee());
      case "a":
        return this.#array(keep(new PhpArray()));
      case "O":
        return this.#object(keep(new PhpObject(this.#string(":"))));
      default:
        return this.#fail();
    }
  }

  #reference(): PhpValue {
    this.#expect(":");
    return this.#pointee();
  }

  #pointee(): PhpValue {
    return this.#values[Number(this.#until(";")) - 1] ?? null;
  }

  #array(array: PhpArray): PhpArray {
    const count = this.#count();
    for (let n = 0; n < count; n++) array.entries.push([this.#key(), this.#value()]);
    this.#expect("}");
    return array;
  }

  #object(object: PhpObject): PhpObject {
    const count = this.#count();
    for (let n = 0; n < count; n++) {
      const name = String(this.#key()).replace(/^\0[^\0]*\0/, ""); // of a protected or private one
      const start = this.#at;
      object.properties.set(name, this.#value());
      object.sources.set(name, this.#bytes.toString("utf8", start, this.#at));
    }
    this.#expect("}");
    return object;
  }

  #count(): number {
    const count = Number(this.#until(":"));
    this.#expect("{");
    return Number.isInteger(count) ? count : this.#fail();
  }

  #key(): string | number {
    const type = this.#take(2);
    if (type === "i:") return this.#integer();
    return type === "s:" ? this.#string(";") : this.#fail();
  }

  /** One that JavaScript cannot hold exactly stays text. */
  #integer(): number | string {
    const digits = this.#until(";");
    if (!/^-?\d+$/.test(digits)) this.#fail();
    return Number.isSafeInteger(Number(digits)) ? Number(digits) : digits;
  }

  #string(end: string): string {
    const length = Number(this.#until(":"));
    if (!Number.isInteger(length)) this.#fail();
    this.#expect('"');
    const text = this.#take(length);
    this.#expect(`"${end}`);
    return text;
  }

  #until(mark: string): string {
    const end = this.#bytes.indexOf(mark, this.#at);
    if (end < 0) this.#fail();
    const text = this.#take(end - this.#at);
    this.#at += 1;
    return text;
  }

  #expect(text: string): undefined {
    if (this.#take(text.length) !== text) this.#fail();
  }

  #take(length: number): string {
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) this.#fail();
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end;
    return text;
  }

  #fail(): never {
    throw new SyntaxError(`This is no output of PHP's serialize(), from byte ${this.#at} on.`);
  }
}

function floatOf(text: string): number {
  return Number(text.replace("INF", "Infinity").replace("NAN", "NaN"));
}
