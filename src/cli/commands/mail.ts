import { command, numberOf } from "#cli/command.ts";
import { isUuid } from "#cli/names.ts";
import { type Print, span } from "#cli/print.ts";
import { AppError } from "#errors.ts";

type Status = {
  stream: string;
  letters_per_second: number | null;
  stopped_at: Date | null;
  stopped_code: string | null;
  stopped_because: string | null;
  resting_until: Date | null;
  trouble: string | null;
  waiting: number;
  later: number;
  sending: number;
  unknown: number;
  held: number;
  oldest: Date | null;
};

export const mailStatus = command({
  about: "Show what waits on each stream of mail, how fast it may go, and what stops it",
  options: { json: { type: "boolean", about: "as JSON" } },
  async run({ db, print, values }) {
    const streams = await db.rows<Status>("select * from mail.status order by stream desc");
    if (values.json) print.json(streams);
    else showStatus(print, streams);
    return streams.some(({ stopped_at }) => stopped_at !== null) ? 1 : 0;
  },
});

function showStatus(print: Print, streams: Status[]): void {
  print.table(
    ["stream", "waiting", "oldest", "later", "sending", "unknown", "held", "per second"],
    streams.map((stream) => [
      stream.stream,
      String(stream.waiting),
      stream.oldest === null ? "-" : span((Date.now() - stream.oldest.getTime()) / 1000),
      ...[stream.later, stream.sending, stream.unknown, stream.held].map(String),
      stream.letters_per_second === null ? "-" : String(stream.letters_per_second),
    ]),
  );
  for (const { stream, stopped_at, stopped_code, stopped_because, resting_until, trouble } of streams)
    if (stopped_at !== null)
      print.error(
        `[${stream}] is stopped (${stopped_code}): ${stopped_because} Mend it, then howdah mail:resume ${stream}.`,
      );
    else if (resting_until !== null) print.warn(`[${stream}] rests and tries again by itself: ${trouble}`);
}

type Undecided = {
  id: string;
  state: string;
  stream: string;
  recipient: string;
  template: string;
  attempt: number;
  last_tx_at: Date;
  look_ups: number;
  error: string | null;
};

export const listUndecided = command({
  about:
    "List letters of which nobody knows whether they went: unknown ones are being looked up, held ones wait for a person",
  options: { json: { type: "boolean", about: "as JSON" } },
  async run({ db, print, values }) {
    const letters = await db.rows<Undecided>("select * from mail.undecided limit 1000");
    if (values.json) return print.json(letters);
    if (letters.length === 0) return print.info("No letter is undecided.");
    print.table(
      ["letter", "state", "to", "template", "sent", "look-ups"],
      letters.map((letter) => [
        letter.id,
        letter.state,
        letter.recipient,
        letter.template,
        `${span((Date.now() - letter.last_tx_at.getTime()) / 1000)} ago`,
        String(letter.look_ups),
      ]),
    );
    print.line("  howdah mail:decide <letter> send | accept | drop");
  },
});

const done: Readonly<Record<string, string>> = {
  send: "goes out again",
  accept: "counts as accepted",
  drop: "is cancelled",
};

export const decideLetter = command({
  about: "Decide about an undecided letter: send it again, accept that it has arrived, or drop it",
  takes: ["letter", "decision"],
  async run({ db, print, args: [letter = "", decision = ""] }) {
    if (!isUuid(letter)) throw new AppError("BadOption", `"${letter}" is not the id of a letter.`);
    await db.value("select (mail.decide($1, $2)).id", letter, decision);
    print.info(`The letter [${letter}] ${done[decision]}.`);
  },
});

export const resumeMail = command({
  about: "Let the letters of a stream go again, once what stopped it has been mended",
  takes: ["stream"],
  async run({ db, print, args: [stream = ""] }) {
    const was = await db.value<boolean>("select mail.resume($1)", stream);
    print.info(was ? `The stream [${stream}] goes again.` : `The stream [${stream}] was not stopped.`);
  },
});

export const setMailRate = command({
  about: "Limit the letters of a stream per second, over all processes; none lifts the limit",
  takes: ["stream", "rate"],
  async run({ db, print, args: [stream = "", rate = ""] }) {
    const perSecond = rate === "none" ? null : numberOf("the rate", rate);
    await db.value("select mail.set_rate($1, $2)", stream, perSecond);
    print.info(
      perSecond === null
        ? `The stream [${stream}] has no limit.`
        : `The stream [${stream}] sends ${perSecond} letters per second at most.`,
    );
  },
});
