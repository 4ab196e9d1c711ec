import type { Store } from "./store.ts";

export type Template = {
  id: number;
  alias: string | null;
  name: string;
  type: "Standard" | "Layout";
  subject: string | null;
  html_body: string | null;
  text_body: string | null;
  /** The alias of a template of type Layout. */
  layout: string | null;
};

export function allTemplates(store: Store): Template[] {
  return store.all<Template>("select * from templates order by id");
}

/** Numbers are ids, everything else is an alias. */
export function findTemplate(store: Store, idOrAlias: string | number): Template | undefined {
  return /^\d+$/.test(String(idOrAlias))
    ? store.get<Template>("select * from templates where id = ?", Number(idOrAlias))
    : store.get<Template>("select * from templates where lower(alias) = lower(?)", idOrAlias);
}

/** Id 0 makes a new one. Returns it with its id. */
export function saveTemplate(store: Store, template: Template): Template {
  const { id } = store.run(
    `replace into templates (id, alias, name, type, subject, html_body, text_body, layout)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
    template.id || null,
    template.alias,
    template.name,
    template.type,
    template.subject,
    template.html_body,
    template.text_body,
    template.layout,
  );
  return { ...template, id: template.id || id };
}

export function deleteTemplate(store: Store, id: number): void {
  store.run("delete from templates where id = ?", id);
}
