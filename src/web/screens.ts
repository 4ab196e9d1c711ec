import type { Screen } from "./parts/screen.ts";

const modules = import.meta.glob<{ default?: Screen }>("./screens/*.tsx", { eager: true });

export const screens: Screen[] = Object.values(modules).flatMap((module) =>
  module.default ? [module.default] : [],
);

export const navEntries = screens
  .flatMap(({ nav }) => (nav ? [nav] : []))
  .sort((a, b) => a.order - b.order || a.label.localeCompare(b.label));
