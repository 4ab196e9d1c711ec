import type { StoredMessage } from "../store/messages.ts";

/** Where the things in a letter lead that the service puts there. */
export type Addresses = {
  pixel: string;
  unsubscribe: string;
  click(location: "html" | "text", index: number): string;
};

export type Received = { html: string | null; text: string | null };

/** The letter as it reaches its reader: with pixel, tracked links and the service's unsubscribe link, if it has them. */
export function received(message: StoredMessage, managed: boolean, addresses: Addresses): Received {
  const { htmlBody, textBody, trackLinks, trackOpens } = message;
  let html = htmlBody;
  let text = textBody;
  if (html !== null && tracksLinks(trackLinks, "html"))
    html = replaceHtmlLinks(html, (_link, index) => addresses.click("html", index));
  if (text !== null && tracksLinks(trackLinks, "text"))
    text = replaceTextLinks(text, (_link, index) => addresses.click("text", index));
  if (html !== null && managed) html = withHtmlWayOut(html, addresses.unsubscribe);
  if (text !== null && managed) text = withTextWayOut(text, addresses.unsubscribe);
  if (html !== null && trackOpens)
    html = beforeBodyEnds(html, `<img src="${addresses.pixel}" width="1" height="1" alt="">`);
  return { html, text };
}

/** The links that are tracked, in their order. */
export function linksOf(message: StoredMessage, location: "html" | "text"): string[] {
  const links: string[] = [];
  const collect = (link: string) => {
    links.push(link);
    return link;
  };
  if (!tracksLinks(message.trackLinks, location)) return [];
  if (location === "html") replaceHtmlLinks(message.htmlBody ?? "", collect);
  else replaceTextLinks(message.textBody ?? "", collect);
  return links;
}

function tracksLinks(trackLinks: string, location: "html" | "text"): boolean {
  return trackLinks === "HtmlAndText" || trackLinks === (location === "html" ? "HtmlOnly" : "TextOnly");
}

type Replace = (link: string, index: number) => string;

function replaceHtmlLinks(html: string, replace: Replace): string {
  let index = 0;
  return html.replaceAll(/<a\b[^>]*>/gi, (tag) => {
    if (/\bdata-pm-no-track\b/i.test(tag)) return tag;
    return tag.replace(/(\bhref\s*=\s*)(["'])(https?:[^"']*)\2/i, (_all, before, quote, link) => {
      const replaced = replace(link.replaceAll("&amp;", "&"), index++);
      return `${before}${quote}${replaced.replaceAll("&", "&amp;")}${quote}`;
    });
  });
}

function replaceTextLinks(text: string, replace: Replace): string {
  let index = 0;
  return text.replaceAll(/https?:\/\/[^\s<>"]*[^\s<>".,;:!?)]/gi, (link) => replace(link, index++));
}

/** A placeholder becomes the way out; a letter without one gets a line at its end. */
function withHtmlWayOut(html: string, url: string): string {
  const link = `<a href="${url}">Unsubscribe</a>`;
  if (!placeholder.test(html)) return beforeBodyEnds(html, `<p style="font-size:12px">${link}</p>`);
  return html
    .replaceAll(/(href\s*=\s*["']?)\{\{\{\s*pm:unsubscribe(?:_url)?\s*\}\}\}/gi, `$1${url}`)
    .replaceAll(/\{\{\{\s*pm:unsubscribe_url\s*\}\}\}/gi, url)
    .replaceAll(/\{\{\{\s*pm:unsubscribe\s*\}\}\}/gi, link);
}

function withTextWayOut(text: string, url: string): string {
  if (!placeholder.test(text)) return `${text}\n\nUnsubscribe: ${url}\n`;
  return text.replaceAll(/\{\{\{\s*pm:unsubscribe(?:_url)?\s*\}\}\}/gi, url);
}

const placeholder = /\{\{\{\s*pm:unsubscribe(_url)?\s*\}\}\}/i;

function beforeBodyEnds(html: string, what: string): string {
  const end = html.search(/<\/body>/i);
  return end < 0 ? html + what : html.slice(0, end) + what + html.slice(end);
}
