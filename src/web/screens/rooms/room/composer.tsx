import {
  type ChangeEvent,
  type FormEvent,
  type KeyboardEvent,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { SendIcon } from "../../parts/icons.tsx";

const MAX_CHARACTERS = 4_000;

type ComposerProps = { onSend: (body: string) => void; onTyping: () => void };

export function Composer({ onSend, onTyping }: ComposerProps) {
  const [text, setText] = useState("");
  const input = useRef<HTMLTextAreaElement>(null);
  useGrowing(input, text);

  const excess = [...text.trim()].length - MAX_CHARACTERS;

  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (!text.trim() || excess > 0) return;
    onSend(text.trim());
    setText("");
    input.current?.focus();
  };
  const sendOnEnter = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const type = (event: ChangeEvent<HTMLTextAreaElement>) => {
    setText(event.target.value);
    if (event.target.value.trim()) onTyping();
  };

  return (
    <form className="composer" onSubmit={send}>
      <p className="composer-limit" role="status">
        {excess > 0 && `${excess} characters too long: please send it in parts.`}
      </p>
      <textarea
        ref={input}
        rows={1}
        data-testid="composer"
        aria-label="Message"
        placeholder="Write a message"
        title="Enter sends, Shift+Enter starts a new line"
        enterKeyHint="send"
        value={text}
        onChange={type}
        onKeyDown={sendOnEnter}
      />
      <button
        type="submit"
        className="send"
        data-testid="send-button"
        aria-label="Send message"
        disabled={!text.trim() || excess > 0}
      >
        <SendIcon />
      </button>
    </form>
  );
}

function useGrowing(input: React.RefObject<HTMLTextAreaElement | null>, text: string) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const area = input.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [input, text]);
}
