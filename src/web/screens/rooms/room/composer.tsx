import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef } from "react";
import type { Quote } from "../../../api/messages.ts";
import { CheckIcon, CloseIcon, SendIcon } from "../../../parts/icons.tsx";
import { CompletionList } from "./completion-list.tsx";
import type { Line } from "./lines.ts";
import { plainWords } from "./mentions.ts";
import { useOpenRoom } from "./room-context.ts";
import { useCompletion } from "./use-completion.ts";
import { useWriting } from "./use-writing.ts";

const MAX_CHARACTERS = 4_000;

type ComposerProps = {
  replyTo: Quote | null;
  editing: Line | null;
  /** Seconds that slow mode asks to wait. */
  wait: number;
  onSend: (body: string) => void;
  onTyping: () => void;
  /** Leaves the reply or the edit. */
  onCancel: () => void;
  /** Arrow up in an empty field. */
  onEditLast: () => void;
};

export function Composer(props: ComposerProps) {
  const { replyTo, editing, wait, onSend, onTyping, onCancel, onEditLast } = props;
  const { room, person } = useOpenRoom();
  const input = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const others = room.members.filter(({ id }) => id !== person.id);
  const writing = useWriting(input, room.id, others, editing);
  const mayCallAll = room.kind === "direct" || (room.standing?.mayModerate ?? false);
  const completing = useCompletion(input, others, mayCallAll, (text, caret, { id, name }) => {
    writing.mean(name, id);
    writing.write(text, caret);
  });
  useFocusWhen(input, editing ?? replyTo);

  const body = writing.body();
  const excess = [...body].length - MAX_CHARACTERS;
  const mayGo = body !== "" && excess <= 0 && (wait === 0 || editing !== null);

  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (!mayGo) return;
    onSend(body);
    writing.write("");
    input.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || completing.steer(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && (replyTo || editing)) onCancel();
    else if (event.key === "ArrowUp" && writing.text === "" && !editing) {
      event.preventDefault();
      onEditLast();
    }
  };

  return (
    <form className="composer-frame" onSubmit={send}>
      <CompletionList id={listId} completing={completing} />
      {editing && <About title="Editing your message" words={plainWords(editing.body)} onCancel={onCancel} />}
      {!editing && replyTo && (
        <About
          title={`Reply to ${replyTo.senderName}`}
          words={plainWords(replyTo.body)}
          onCancel={onCancel}
        />
      )}
      <div className="composer">
        <p className="composer-limit" role="status">
          {excess > 0 && `${excess} characters too long: please send it in parts.`}
        </p>
        <textarea
          ref={input}
          rows={1}
          data-testid="composer"
          aria-label="Message"
          aria-autocomplete="list"
          aria-controls={completing.completion ? listId : undefined}
          aria-activedescendant={completing.completion ? `${listId}-${completing.chosen}` : undefined}
          placeholder={`Write to ${room.title}`}
          title="Enter sends, Shift+Enter starts a new line, @ mentions somebody"
          enterKeyHint="send"
          value={writing.text}
          onChange={(event) => {
            writing.write(event.target.value);
            completing.look();
            if (event.target.value.trim()) onTyping();
          }}
          onKeyDown={press}
          onBlur={completing.close}
        />
        <SendButton editing={editing !== null} wait={wait} disabled={!mayGo} />
      </div>
    </form>
  );
}

function About({ title, words, onCancel }: { title: string; words: string; onCancel: () => void }) {
  return (
    <div className="composer-about">
      <p>
        <strong>{title}</strong> <span>{words}</span>
      </p>
      <button type="button" className="icon-button" aria-label={`Cancel: ${title}`} onClick={onCancel}>
        <CloseIcon />
      </button>
    </div>
  );
}

function SendButton({ editing, wait, disabled }: { editing: boolean; wait: number; disabled: boolean }) {
  if (wait > 0 && !editing) {
    return (
      <button type="submit" className="send waiting" data-testid="send-button" disabled>
        <span aria-hidden="true">{wait}</span>
        <span className="visually-hidden">Slow mode: you can send in {wait} seconds</span>
      </button>
    );
  }
  return (
    <button
      type="submit"
      className="send"
      data-testid="send-button"
      aria-label={editing ? "Save the change" : "Send message"}
      disabled={disabled}
    >
      {editing ? <CheckIcon /> : <SendIcon />}
    </button>
  );
}

/** Whoever picks a message to answer or to edit goes on to write. */
function useFocusWhen(input: React.RefObject<HTMLTextAreaElement | null>, subject: object | null) {
  useEffect(() => {
    if (subject) input.current?.focus();
  }, [input, subject]);
}
