/** What is wrong with an e-mail address as typed, or "" when it may be right; the server has the last word. */
export function emailProblem(text: string): string {
  const address = text.trim();
  if (!address) return "Please enter an e-mail address.";
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address)) return "This does not look like an e-mail address.";
  return "";
}
