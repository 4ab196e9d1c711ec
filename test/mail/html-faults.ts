const empty = new Set(["meta", "br", "img", "hr", "link"]);

/** What a strict reader would object to: elements that are not closed in order, doubled attributes, bare ampersands. */
export function faultsOf(html: string): string[] {
  const open: string[] = [];
  const faults: string[] = [];
  const body = html.replaceAll(/<!--[\s\S]*?-->|<style>[\s\S]*?<\/style>|<!doctype html>/g, "");
  for (const [, closing, name = "", attributes = ""] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)) {
    if (closing && open.pop() !== name) faults.push(`</${name}> closes what is not open`);
    if (!closing && !empty.has(name)) open.push(name);
    faults.push(...doubled(attributes).map((attribute) => `<${name}> has ${attribute} twice`));
  }
  const text = body.replaceAll(/<[^>]*>/g, "");
  if (/[<>]|&(?!(amp|lt|gt|quot|#39);)/.test(text)) faults.push("text that is not escaped");
  return [...faults, ...open.map((name) => `<${name}> is not closed`)];
}

function doubled(attributes: string): string[] {
  const names = [...attributes.matchAll(/\s([a-z-]+)=/g)].map(([, name = ""]) => name);
  return names.filter((name, index) => names.indexOf(name) < index);
}
