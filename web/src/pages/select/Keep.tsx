import { Button, Text, TextInput } from '@mantine/core';
import { Tag } from 'lucide-react';
import { useMutation } from '@tanstack/react-query';
import { notifyUndoable } from '@/acting/undoing';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { SelectionResult } from '@/api/queries/runs';
import { createTag } from '@/api/queries/tags';
import { fieldErrors } from '@/model/fieldErrors';
import { counted } from '@/model/format';
import { samplesPath, unitOf } from '@/model/kinds';
import { madeUpTag } from '@/model/runForm';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { TextLink } from '@/ui/TextLink';
import classes from './Select.module.css';

interface KeepProps {
  result: SelectionResult;
  dataset: DatasetDetails;
  /** Whether the form has other values than what was tried. */
  isOld: boolean;
  tag: string;
  onTag: (tag: string) => void;
  onChangeSettings: () => void;
}

/** What a dry run chose becomes a tag as it is, without choosing again; or one goes on trying. */
export function Keep({ result, dataset, isOld, tag, onTag, onChangeSettings }: KeepProps) {
  const selection = result.selection_id ?? null;
  const keeping = useMutation({
    mutationFn: (name: string) =>
      createTag(dataset.id, name, { all_of: [{ selection_id: selection ?? '' }], except_ids: [] }),
    onSuccess: ({ tag: { name, size }, operation_id }) =>
      notifyUndoable(`${counted(size, unitOf(dataset.kind))} saved as ${name}`, operation_id),
  });
  const kept = keeping.data?.tag;
  const nameError = fieldErrors(keeping.error)('name');
  if (selection === null || (result.selected ?? 0) === 0) {
    return <ChangeSettings onClick={onChangeSettings} />;
  }
  return (
    <div className={classes.keep}>
      {kept !== undefined && !isOld ? (
        <Text size="sm" flex={1} miw={220} role="status">
          {counted(kept.size, unitOf(dataset.kind))} saved as{' '}
          <TextLink
            to={samplesPath(dataset.kind)}
            params={{ dataset: dataset.id }}
            search={{ q: { tags: { any_of: [kept.id] } } }}
            size="sm"
          >
            {kept.name}
          </TextLink>
        </Text>
      ) : (
        <>
          <TextInput
            label="Name of the tag"
            placeholder="made up"
            flex={1}
            miw={180}
            maw={320}
            value={tag}
            onChange={(event) => onTag(event.currentTarget.value)}
            error={nameError}
          />
          <Button
            leftSection={<Tag size={16} aria-hidden />}
            disabled={isOld}
            loading={keeping.isPending}
            onClick={() => keeping.mutate(tag.trim() || madeUpTag(result.selected ?? 0, new Date()))}
          >
            Save as tag
          </Button>
        </>
      )}
      <ChangeSettings onClick={onChangeSettings} />
      {keeping.error !== null && nameError === undefined && <ProblemAlert error={keeping.error} />}
    </div>
  );
}

function ChangeSettings({ onClick }: { onClick: () => void }) {
  return (
    <Button variant="default" onClick={onClick}>
      Change settings
    </Button>
  );
}
