import { Button, Group, Modal, MultiSelect, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { notifyUndoable } from '@/acting/undoing';
import type { DatasetDetails } from '@/api/queries/datasets';
import { selectionCountQuery } from '@/api/queries/selections';
import { combineTags, type Tag } from '@/api/queries/tags';
import { counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import { isEmptySets, NO_SETS, tagCondition, tagExpression, type TagSets } from '@/model/tagAlgebra';
import { notifyProblem } from '@/ui/notify';

interface CombineDialogProps {
  dataset: DatasetDetails;
  tags: readonly Tag[];
  onClose: () => void;
}

const FIELDS = [
  { key: 'anyOf', label: 'In at least one of', placeholder: 'any' },
  { key: 'allOf', label: 'And in every one of', placeholder: 'no further ones' },
  { key: 'noneOf', label: 'But in none of', placeholder: 'none' },
] as const satisfies readonly { key: keyof TagSets; label: string; placeholder: string }[];

/** A new tag of what is in some tags and not in others, with its size as one chooses. */
export function CombineDialog({ dataset, tags, onClose }: CombineDialogProps) {
  const [sets, setSets] = useState(NO_SETS);
  const [name, setName] = useState('');
  const [isBusy, setBusy] = useState(false);
  const isEmpty = isEmptySets(sets);
  const size = useQuery({
    ...selectionCountQuery(dataset.id, sets, () => ({
      all_of: [{ filter: { tags: tagCondition(sets) } }],
      except_ids: [],
    })),
    enabled: !isEmpty,
  });
  const make = async () => {
    const expression = tagExpression(sets);
    if (expression === null) return;
    setBusy(true);
    try {
      const { tag, operation_id } = await combineTags(dataset.id, name.trim(), expression);
      notifyUndoable(`${tag.name} made of ${counted(tag.size, unitOf(dataset.kind))}`, operation_id);
      onClose();
    } catch (error) {
      notifyProblem(error);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title="Combine tags" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <Stack gap="sm">
          {FIELDS.map(({ key, label, placeholder }) => (
            <MultiSelect
              key={key}
              label={label}
              placeholder={sets[key].length === 0 ? placeholder : undefined}
              searchable
              data={tags.map((tag) => ({ value: tag.id, label: tag.name }))}
              value={[...sets[key]]}
              onChange={(chosen) => setSets({ ...sets, [key]: chosen })}
            />
          ))}
          <Text size="sm" aria-live="polite" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {isEmpty || size.data === undefined
              ? 'Choose tags to see how many are left.'
              : `${counted(size.data.count, unitOf(dataset.kind))} of ${counted(dataset.sample_count, unitOf(dataset.kind))}`}
          </Text>
          <TextInput
            label="Name of the new tag"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={isBusy} disabled={isEmpty || name.trim() === ''}>
              Make tag
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
