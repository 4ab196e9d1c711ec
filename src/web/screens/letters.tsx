import { SelectField } from "../parts/fields.tsx";
import { Loading } from "../parts/loading.tsx";
import { Notice } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { LANGUAGES } from "../parts/places.ts";
import { navigate, usePlace } from "../parts/router.tsx";
import type { Screen } from "../parts/screen.ts";
import { useLoad } from "../parts/use-load.ts";
import { loadTemplates, type Template } from "./letters/api.ts";
import { LetterPreview } from "./letters/letter-preview.tsx";
import "./letters/letters.css";

export default { path: /^\/letters\/?$/, View: LettersScreen } satisfies Screen;

/** The letters that the product writes, to look at before anybody gets one. */
function LettersScreen() {
  return (
    <Page
      title="Letters"
      lead="What Howdah mails, with the values of an example, in the name and the colour of the community."
      back={{ label: "You", href: "/settings" }}
    >
      <Loading of={useLoad(loadTemplates)} what="the letters">
        {(templates) =>
          templates[0] ? (
            <Chosen templates={templates} first={templates[0]} />
          ) : (
            <Notice>There are none.</Notice>
          )
        }
      </Loading>
    </Page>
  );
}

/** What is chosen stands in the address, so that it can be shown to somebody. */
function Chosen({ templates, first }: { templates: Template[]; first: Template }) {
  const { query } = usePlace();
  const template = templates.find(({ name }) => name === query.get("letter")) ?? first;
  const asked = query.get("locale");
  const locale = asked && template.locales.includes(asked) ? asked : null;
  const choose = (letter: string, language: string | null) => {
    const chosen = new URLSearchParams({ letter, ...(language && { locale: language }) });
    navigate(`/letters?${chosen}`, { replace: true });
  };
  return (
    <>
      <div className="form-pair">
        <SelectField
          label="Letter"
          options={templates.map(({ name }) => [name, sayTemplate(name)] as const)}
          value={template.name}
          onChange={({ target }) => choose(target.value, asked)}
        />
        <SelectField
          label="Language"
          options={[["", "My own"], ...template.locales.map((one) => [one, LANGUAGES[one] ?? one] as const)]}
          value={locale ?? ""}
          onChange={({ target }) => choose(template.name, target.value || null)}
        />
      </div>
      <LetterPreview template={template.name} locale={locale} />
    </>
  );
}

/** "sign-in-link" as "Sign in link". */
function sayTemplate(name: string): string {
  const words = name.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
