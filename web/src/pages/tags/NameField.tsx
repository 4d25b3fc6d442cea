import { TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { renameTag, type Tag } from '@/api/queries/tags';
import { notifyUndoable } from '@/acting/undoing';
import { notifyProblem } from '@/ui/notify';

interface NameFieldProps {
  datasetId: string;
  tag: Tag;
  onDone: () => void;
}

/** The name of a tag while somebody changes it: Enter or leaving keeps it, Escape does not. */
export function NameField({ datasetId, tag, onDone }: NameFieldProps) {
  const [name, setName] = useState(tag.name);
  const isOver = useRef(false);
  const finish = async (isKept: boolean) => {
    if (isOver.current) return;
    isOver.current = true;
    const wanted = name.trim();
    if (isKept && wanted !== '' && wanted !== tag.name) {
      try {
        const { operation_id } = await renameTag(datasetId, tag, wanted);
        notifyUndoable(`${tag.name} is called ${wanted} now`, operation_id);
      } catch (error) {
        notifyProblem(error);
      }
    }
    onDone();
  };
  return (
    <TextInput
      size="xs"
      flex={1}
      autoFocus
      aria-label={`New name of ${tag.name}`}
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
