/** The letter as its reader sees it, in a frame that runs no script and cannot reach this page. */
export function LetterHtml({ html }: { html: string }) {
  if (!html) return <p className="letter-empty">This letter has no HTML part.</p>;
  return (
    <iframe
      title="Letter"
      data-testid="letter-html"
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      referrerPolicy="no-referrer"
      srcDoc={withLinksInNewTabs(html)}
    />
  );
}

function withLinksInNewTabs(html: string): string {
  const base = `<base target="_blank">`;
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + base) : base + html;
}
