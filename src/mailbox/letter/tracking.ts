import { click, open, type Scene, suppress } from "../life/happen.ts";
import type { Reply } from "../reply.ts";
import type { Tracking } from "../seams.ts";
import { findMessage, type StoredMessage } from "../store/messages.ts";
import { handledByService } from "./one-click.ts";
import { type Reader, readerOf } from "./reader.ts";
import { type Addresses, linksOf, received } from "./received.ts";

/** Letters as their readers see them, and what follows when a reader opens one or follows a link. */
export function createTracking(scene: Scene): Tracking {
  return {
    answer: ({ method, path, base, userAgent, ip }) => {
      const [, kind = "", id = "", to = "", ...rest] = path.split("/").map(decodeURIComponent);
      const message = findMessage(scene.store, id);
      const recipient = to.toLowerCase();
      const answer = answers[`${method} ${kind.toLowerCase()}`];
      if (!answer || !message?.recipients.includes(recipient)) return undefined;
      return answer({ scene, message, recipient, base, rest, reader: readerOf(userAgent, ip) });
    },
  };
}

type Visit = {
  scene: Scene;
  message: StoredMessage;
  recipient: string;
  base: string;
  rest: string[];
  reader: Reader;
};

const answers: Record<string, (visit: Visit) => Reply | undefined> = {
  "GET _letter": ({ scene, message, recipient, base, rest: [kind] }) => {
    const addresses = addressesFor(message, recipient, base);
    const { html, text } = received(message, handledByService(scene.store, message), addresses);
    if (kind === "html" && html !== null) return letter("text/html", `<base target="_blank">${html}`);
    return kind === "text" && text !== null ? letter("text/plain", text) : undefined;
  },
  "GET _open": ({ scene, message, recipient, reader }) => {
    if (message.trackOpens) open(scene, message, recipient, reader);
    return {
      status: 200,
      headers: { "content-type": "image/svg+xml", "cache-control": "no-store" },
      body: pixel,
    };
  },
  "GET _click": ({ scene, message, recipient, reader, rest: [where, index] }) => {
    const location = where === "html" ? "html" : "text";
    const link = linksOf(message, location)[Number(index)];
    if (link === undefined) return undefined;
    click(scene, message, recipient, reader, { link, location: location === "html" ? "HTML" : "Text" });
    return { status: 302, headers: { location: link, "cache-control": "no-store" }, body: "" };
  },
  "GET _unsubscribe": ({ scene, message }) =>
    handledByService(scene.store, message) ? page(question) : undefined,
  "POST _unsubscribe": ({ scene, message, recipient }) => {
    if (!handledByService(scene.store, message)) return undefined;
    suppress(scene, message, recipient, "ManualSuppression");
    return page("<p>You are unsubscribed.</p>");
  },
};

const pixel = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>';
const question = '<form method="post"><button>Unsubscribe</button></form>';

function addressesFor({ id }: StoredMessage, recipient: string, base: string): Addresses {
  const path = `${id}/${encodeURIComponent(recipient)}`;
  return {
    pixel: `${base}/_open/${path}`,
    unsubscribe: `${base}/_unsubscribe/${path}`,
    click: (location, index) => `${base}/_click/${path}/${location}/${index}`,
  };
}

/** Somebody else's HTML: it may neither run scripts nor send forms here. */
function letter(type: string, body: string): Reply {
  const policy = "sandbox allow-popups allow-popups-to-escape-sandbox; script-src 'none'; form-action 'none'";
  return {
    status: 200,
    headers: {
      "content-type": `${type}; charset=utf-8`,
      "content-security-policy": policy,
      "cache-control": "no-store",
    },
    body,
  };
}

function page(body: string): Reply {
  const html = `<!doctype html><meta charset="utf-8"><title>Unsubscribe</title>${body}`;
  return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: html };
}
