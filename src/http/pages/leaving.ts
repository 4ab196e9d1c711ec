import type { Choices, Subscriptions } from "#mail/subscriptions.ts";
import { html } from "./html.ts";
import { pageOf } from "./layout.ts";
import { categoryIn, type Words, wordsIn } from "./words.ts";

/** GET /unsubscribe/<token>: asks, and does nothing by itself, as programs follow links too. */
export function askPage(token: string, subscriptions: Subscriptions): string {
  if (subscriptions.left) return leftPage(token, subscriptions, {});
  const { words, what } = of(subscriptions);
  return page(
    subscriptions,
    words.leaveTitle(what),
    html`<p>${words.leaveText(subscriptions.address)}</p>
<form method="post" action="/unsubscribe/${token}"><button name="leave" value="1">${words.leaveButton}</button></form>
${linkToPreferences(token, words)}`,
  );
}

/** What a form has done, and how to take it back. */
export function leftPage(token: string, subscriptions: Subscriptions, before: Choices): string {
  const { words, what } = of(subscriptions);
  const undo = JSON.stringify(
    Object.keys(before).length > 0 ? before : { [subscriptions.category]: "instant" },
  );
  return page(
    subscriptions,
    words.leftTitle(what),
    html`<p role="status">${words.leftText(subscriptions.address)}</p>
<form method="post" action="/unsubscribe/${token}">
<button class="plain" name="undo" value="${undo}">${words.undo}</button>
</form>
${linkToPreferences(token, words)}`,
  );
}

export function backPage(token: string, subscriptions: Subscriptions): string {
  const { words, what } = of(subscriptions);
  return page(subscriptions, words.backTitle(what), linkToPreferences(token, words));
}

/** /preferences/<token>: everything that is mailed, and how often. */
export function preferencesPage(token: string, subscriptions: Subscriptions, saved = false): string {
  const { words } = of(subscriptions);
  return page(
    subscriptions,
    words.preferencesTitle,
    html`<p>${words.preferencesText(subscriptions.address)}</p>
${saved ? html`<p class="saved" role="status">${words.saved}</p>` : ""}
<form method="post" action="/preferences/${token}">
${subscriptions.choices.map((choice) => rowOf(choice, words))}
<button>${words.save}</button>
</form>`,
  );
}

/** The same for every token that is none, so that it says nothing of others. */
export function gonePage(languages: string | undefined, community: { name: string; colour: string }): string {
  const words = wordsIn(languages?.split(",")[0]?.trim());
  const body = html`<h1>${words.goneTitle}</h1>
<p>${words.goneText}</p>`;
  const { name: communityName, colour } = community;
  return pageOf({ lang: words.lang, title: words.goneTitle, communityName, colour, body });
}

function rowOf({ category, frequency, frequencies }: Subscriptions["choices"][number], words: Words) {
  const { name, about } = categoryIn(words, category);
  const named = html`${name} <span class="about">${about}</span>`;
  if (frequencies.length < 2)
    return html`<div class="row"><span class="name">${named}</span><span class="always">${words.always}</span></div>\n`;
  const options = frequencies.map((each) => {
    const selected = each === frequency ? html` selected` : "";
    return html`<option value="${each}"${selected}>${words.frequencies[each] ?? each}</option>`;
  });
  return html`<div class="row"><label for="${category}">${named}</label>
<select id="${category}" name="${category}">${options}</select></div>\n`;
}

function linkToPreferences(token: string, words: Words) {
  return html`<p><a href="/preferences/${token}">${words.more}</a></p>`;
}

function page(
  { locale, communityName, colour }: Subscriptions,
  title: string,
  content: ReturnType<typeof html>,
) {
  const body = html`<h1>${title}</h1>
${content}`;
  return pageOf({ lang: wordsIn(locale).lang, title, communityName, colour, body });
}

function of({ locale, category }: Subscriptions): { words: Words; what: string } {
  const words = wordsIn(locale);
  return { words, what: categoryIn(words, category).name };
}
