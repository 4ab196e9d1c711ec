import { graphql } from "../../api/graphql.ts";

export type Template = { name: string; locales: string[] };
export type Preview = { locale: string; subject: string; html: string; text: string };

/** The letters that the product writes; for the owner and the staff of the community. */
export async function loadTemplates(): Promise<Template[]> {
  const { letterTemplates } = await graphql<{ letterTemplates: { nodes: Template[] } }>(
    `query Templates { letterTemplates(first: 100) { nodes { name locales } } }`,
  );
  return letterTemplates.nodes;
}

/** A letter with the values of an example; without a locale in one's own language. */
export async function loadPreview(template: string, locale: string | null): Promise<Preview> {
  const { previewLetter } = await graphql<{ previewLetter: Preview }>(
    `query Preview($template: String!, $locale: String) {
      previewLetter(template: $template, locale: $locale) { locale subject html text }
    }`,
    { template, locale },
  );
  return previewLetter;
}
