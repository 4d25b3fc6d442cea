import { TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { replaceView, type View } from '@/api/queries/views';
import { notifyDone, notifyProblem } from '@/ui/notify';

/** The name of a view while somebody changes it: Enter or leaving keeps it, Escape does not. */
export function RenameField({ view, onDone }: { view: View; onDone: () => void }) {
  const [name, setName] = useState(view.name);
  const isOver = useRef(false);
  const finish = async (isKept: boolean) => {
    if (isOver.current) return;
    isOver.current = true;
    const wanted = name.trim();
    if (isKept && wanted !== '' && wanted !== view.name) {
      try {
        await replaceView(view.id, wanted, view.rule);
        notifyDone(`${view.name} is called ${wanted} now`);
      } catch (error) {
        notifyProblem(error);
      }
    }
    onDone();
  };
  return (
    <TextInput
      size="xs"
      maw={360}
      autoFocus
      aria-label={`New name of ${view.name}`}
      value={name}
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => setName(event.currentTarget.value)}
      onBlur={() => void finish(true)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') void finish(true);
        if (event.key === 'Escape') void finish(false);
      }}
    />
  );
}
