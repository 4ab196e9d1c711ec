import type { IncomingMessage, ServerResponse } from "node:http";
import type { Reply } from "./reply.ts";
import type { StoredMessage } from "./store/messages.ts";
import type { Suppression } from "./store/suppressions.ts";
import type { Webhook } from "./store/webhooks.ts";

/** One request to Postmark's API with everything needed to answer it, to answer it wrongly, or not to answer it. */
export type Exchange = {
  /** Raw: `request.socket` can be reset, `response` can be written to by hand. */
  request: IncomingMessage;
  response: ServerResponse;
  method: string;
  /** Lower case, below the mount point, without the query: "/email/batch". */
  path: string;
  /** The whole body, once it is here; asked again, the same. */
  read(): Promise<Buffer>;
  /** Does what the service would do, stores it for good and says what it would answer. Never throws. */
  answer(body: Buffer): Promise<Reply>;
  send(reply: Reply): void;
};

/** Stands around each request to Postmark's API, like a bad network and a service with a bad day. */
export type Faults = { around(exchange: Exchange): Promise<void> };

/** What becomes of messages, and who hears of it. `accepted` and `suppressed` are called inside of the transaction. */
export type Lifecycle = {
  /** These are stored: write what is to become of them. Must not wait. */
  accepted(messages: StoredMessage[]): void;
  /** By the API: `suppressed` says whether it was added or taken away. Must not wait. */
  suppressionChanged(suppression: Suppression, suppressed: boolean): void;
  /** Throws Fault 1364 when one of the webhook's enabled triggers is not answered by 200. */
  verify(webhook: Webhook): Promise<void>;
};

/** Answers what lies below /_control; undefined when there is no such thing. */
export type Control = {
  answer(request: {
    method: string;
    /** "/_control/messages" */
    path: string;
    query: URLSearchParams;
    body: unknown;
  }): Promise<Reply | undefined>;
};

/** Answers what letters lead to: their own pages, pixels, links and the way out. Undefined: there is no such thing. */
export type Tracking = {
  answer(visit: {
    method: string;
    /** "/_letter/<message>/<recipient>/html" */
    path: string;
    /** How the visitor calls the mailbox: "http://127.0.0.1:4025". */
    base: string;
    userAgent: string;
    ip: string;
  }): Reply | undefined;
};
