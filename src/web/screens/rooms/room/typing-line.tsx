/** One line of fixed height, so that the conversation does not jump when someone starts to type. */
export function TypingLine({ names }: { names: string[] }) {
  return (
    <p className="typing" role="status" data-testid="typing">
      {names.length > 0 && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {sentence(names)}
        </>
      )}
    </p>
  );
}

function sentence([first = "", second, ...others]: string[]): string {
  if (!second) return `${first} is typing…`;
  if (others.length === 0) return `${first} and ${second} are typing…`;
  return "Several people are typing…";
}
