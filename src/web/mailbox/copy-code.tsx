import { useState } from "react";

/** The six digits of a sign-in letter, ready to be pasted. */
export function CopyCode({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const code = codeIn(text);
  if (!code) return null;
  const copy = () => {
    navigator.clipboard?.writeText(code).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <p className="letter-code">
      Code <strong data-testid="letter-code">{code}</strong>
      <button type="button" className="button small" onClick={copy}>
        Copy<span className="visually-hidden"> the code</span>
      </button>
      <span role="status">{copied && "Copied."}</span>
    </p>
  );
}

/** Alone on a line, or near the word. */
function codeIn(text: string): string | undefined {
  const found =
    /^[ \t]*(\d{3} ?\d{3})[ \t]*$/m.exec(text) ?? /\b(?:code|kode)\b\D{0,60}?\b(\d{6})\b/i.exec(text);
  return found?.[1]?.replace(" ", "");
}
