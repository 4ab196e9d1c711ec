/**
 * Mail programs drop style sheets: what carries the look of a letter stands in its elements. Templates say `<p>` and
 * `<a class="button">`, and this gives them their styles; a button is a table, the only form that every program shows.
 */
export function dressed(html: string): string {
  const plain = html.replaceAll(button, (_, href: string, label: string) => buttonOf(href, label));
  return Object.entries(styles).reduce(
    (text, [tag, style]) => text.replaceAll(`<${tag}`, (start) => `${start} style="${style}"`),
    plain.replaceAll("<p>", '<p class="plain">').replaceAll("<h1>", '<h1 class="title">'),
  );
}

const button = /<a class="button" href="([^"]*)">([\s\S]*?)<\/a>/g;

const paragraph = "margin:0 0 16px;font-size:16px;line-height:1.55";

const styles = {
  'h1 class="title"': "margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:600",
  'p class="plain"': paragraph,
  'p class="lines"': `${paragraph};white-space:pre-line`,
  'p class="quiet"': "margin:0 0 16px;font-size:13px;line-height:1.5;color:#5c6672",
  'a class="link"': "color:#1f5fd1",
  'strong class="code"': "font-size:20px;letter-spacing:3px",
};

function buttonOf(href: string, label: string): string {
  return (
    '<table role="presentation" cellpadding="0" cellspacing="0" border="0" class="button" style="margin:24px 0"><tr>' +
    '<td bgcolor="{{colour}}" style="border-radius:8px;mso-padding-alt:13px 22px">' +
    `<a href="${href}" style="display:inline-block;padding:13px 22px;border:1px solid {{colour}};border-radius:8px;` +
    `color:{{buttonText}};font-size:16px;font-weight:600;line-height:1.25;text-decoration:none">${label}</a>` +
    "</td></tr></table>"
  );
}
