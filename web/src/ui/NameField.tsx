import { TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';

interface NameFieldProps {
  label: string;
  name: string;
  /** Told another name, or null where it stays. */
  onDone: (name: string | null) => void;
}

/** A menu that closes gives the focus back to its button at first. */
const MENU_CLOSED_MS = 60;

/** A name while somebody changes it in place: Enter or leaving keeps it, Escape does not. */
export function NameField({ label, name, onDone }: NameFieldProps) {
  const [text, setText] = useState(name);
  const field = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  useEffect(() => {
    const timer = window.setTimeout(() => field.current?.select(), MENU_CLOSED_MS);
    return () => window.clearTimeout(timer);
  }, []);
  const finish = (isKept: boolean) => {
    if (isOver.current) return;
    isOver.current = true;
    const wanted = text.trim();
    onDone(isKept && wanted !== '' && wanted !== name ? wanted : null);
  };
  return (
    <TextInput
      ref={field}
      size="xs"
      flex={1}
      maw={360}
      aria-label={label}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') finish(true);
        if (event.key === 'Escape') finish(false);
      }}
    />
  );
}
