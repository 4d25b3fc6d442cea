import { Autocomplete, Button, Group, Modal, MultiSelect, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { notifyUndoable } from '@/acting/undoing';
import { mergeTags, type Tag } from '@/api/queries/tags';
import { counted } from '@/model/format';
import { notifyProblem } from '@/ui/notify';

interface MergeDialogProps {
  datasetId: string;
  tags: readonly Tag[];
  /** Ids of those to be merged, to begin with. */
  sources: readonly string[];
  onClose: () => void;
}

/** Put what some tags hold into one, and delete those tags. */
export function MergeDialog({ datasetId, tags, sources: initial, onClose }: MergeDialogProps) {
  const [sources, setSources] = useState<string[]>([...initial]);
  const [into, setInto] = useState('');
  const [isBusy, setBusy] = useState(false);
  const target = into.trim();
  const merged = tags.filter(({ id, name }) => sources.includes(id) && name !== target);
  const merge = async () => {
    setBusy(true);
    try {
      const { tag, operation_id } = await mergeTags(
        datasetId,
        target,
        merged.map(({ id }) => id),
      );
      notifyUndoable(`${counted(merged.length, 'tag')} merged into ${tag.name}`, operation_id);
      onClose();
    } catch (error) {
      notifyProblem(error);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title="Merge tags" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void merge();
        }}
      >
        <Stack gap="sm">
          <MultiSelect
            label="Merge"
            searchable
            data={tags.map(({ id, name }) => ({ value: id, label: name }))}
            value={sources}
            onChange={setSources}
          />
          <Autocomplete
            label="Into"
            description="One that is there, or the name of a new one"
            data={tags.map(({ name }) => name)}
            value={into}
            onChange={setInto}
          />
          <Text size="sm" c="dimmed">
            The merged tags are deleted; what was in them is in the one they went into.
          </Text>
          <Group justify="flex-end">
            <Button type="submit" loading={isBusy} disabled={merged.length === 0 || target === ''}>
              Merge {merged.length > 0 && counted(merged.length, 'tag')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
