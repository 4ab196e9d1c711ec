const words: Record<string, string> = {
  id: "Its id.",
  clientId: "Made by the client, unique for it: the same one again brings the first result.",
  name: "Its name.",
  email: "An address for mail.",
  role: "Their role.",
  body: "Its text.",
  title: "Its title.",
  description: "What it is, in a few sentences.",
  seq: "Its number.",
  reason: "Why, in a few words.",
  createdAt: "When it was made.",
  updatedAt: "When it was changed last.",
  createdBy: "Id of the person who made it.",
  result: "What came of it.",
};

/** What a field or argument is whose name says it; undefined where somebody has to write it. */
export function usualWords(name: string): string | undefined {
  const said = words[name];
  if (said !== undefined) return said;
  const [, stem = "", ending] = /^(\w+?)(Ids?|At|By)$/.exec(name) ?? [];
  if (ending === "Id") return `Id of the ${spaced(stem)}.`;
  if (ending === "Ids") return `Ids of the ${spaced(stem)}s.`;
  if (ending === "At") return `When it was ${spaced(stem)}; null: not yet.`;
  if (ending === "By") return `Id of the person by whom it was ${spaced(stem)}.`;
  return undefined;
}

function spaced(camelCased: string): string {
  return camelCased.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
