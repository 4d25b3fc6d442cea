import { CloseButton, TextInput } from '@mantine/core';
import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useKeys } from '@/ui/useKeys';

const REST_MS = 250;

interface FileNameSearchProps {
  value: string;
  onChange: (value: string) => void;
}

/** Part of a file name to look for; counts once one stops typing. */
export function FileNameSearch({ value, onChange }: FileNameSearchProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => field.current?.select() });
  useEffect(() => {
    if (typed === null) return;
    const timer = window.setTimeout(() => {
      setTyped(null);
      if (typed.trim() !== value) onChange(typed.trim());
    }, REST_MS);
    return () => window.clearTimeout(timer);
  }, [typed, value, onChange]);
  const shown = typed ?? value;
  return (
    <TextInput
      ref={field}
      size="xs"
      style={{ flex: '1 1 120px', maxWidth: 220 }}
      aria-label="Search by file name"
      placeholder="File name"
      leftSection={<Search size={14} />}
      value={shown}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && field.current?.blur()}
      rightSection={
        shown === '' ? undefined : (
          <CloseButton size="xs" aria-label="Any file name" onClick={() => setTyped('')} />
        )
      }
    />
  );
}
