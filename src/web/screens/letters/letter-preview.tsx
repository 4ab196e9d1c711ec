import { useCallback, useState } from "react";
import { LetterFrame } from "../../parts/letter-frame.tsx";
import { Loading } from "../../parts/loading.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { useLoad } from "../../parts/use-load.ts";
import { loadPreview, type Preview } from "./api.ts";

type LetterPreviewProps = { template: string; locale: string | null };

export function LetterPreview({ template, locale }: LetterPreviewProps) {
  const load = useCallback(() => loadPreview(template, locale), [template, locale]);
  return (
    <Loading of={useLoad(load)} what="the letter">
      {(preview) => <Letter preview={preview} />}
    </Loading>
  );
}

function Letter({ preview: { subject, html, text, locale } }: { preview: Preview }) {
  const [shown, setShown] = useState("html");
  const tabs = [
    { id: "html", label: "HTML", panel: <LetterFrame html={html} /> },
    {
      id: "text",
      label: "Text",
      panel: (
        <pre lang={locale} data-testid="letter-text">
          {text}
        </pre>
      ),
    },
  ];
  return (
    <article className="panel template-letter">
      <h2 lang={locale} data-testid="letter-subject">
        {subject}
      </h2>
      <Tabs label="Parts of the letter" tabs={tabs} shown={shown} onShow={setShown} />
    </article>
  );
}
