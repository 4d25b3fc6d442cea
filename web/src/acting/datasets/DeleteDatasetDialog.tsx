import { Button, Checkbox, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useDeleteDataset, type Dataset } from '@/api/queries/datasets';
import { counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import { notifyDone } from '@/ui/notify';
import { ProblemAlert } from '@/ui/ProblemAlert';

interface DeleteDatasetDialogProps {
  dataset: Dataset;
  /** The crops datasets that were cut from its images. */
  crops: readonly Dataset[];
  onClose: () => void;
  onDeleted?: () => void;
}

/** Says what goes and what stays, and wants the name typed: there is no way back. */
export function DeleteDatasetDialog({ dataset, crops, onClose, onDeleted }: DeleteDatasetDialogProps) {
  const [typed, setTyped] = useState('');
  const [withCrops, setWithCrops] = useState(false);
  const deletion = useDeleteDataset(dataset.id);
  const isSure = typed.trim() === dataset.name && (crops.length === 0 || withCrops);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isSure) return;
    deletion.mutate(crops.length > 0, {
      onSuccess: ({ names, notes }) => {
        notifyDone([`Deleted ${names.join(', ')}`, ...notes].join('. '));
        onClose();
        onDeleted?.();
      },
    });
  };
  return (
    <Modal opened onClose={onClose} title={`Delete ${dataset.name}`} size="md">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm">These go for good, with their vectors, maps, tags, views and exports:</Text>
          <List size="sm" spacing={2}>
            <DatasetLine dataset={dataset} />
            {crops.map((one) => (
              <DatasetLine key={one.id} dataset={one} />
            ))}
          </List>
          <Text size="sm" c="dimmed">
            The images stay where they are, and so do their predictions.
          </Text>
          {crops.length > 0 && (
            <Checkbox
              label={`Also delete ${crops.length === 1 ? 'the crops dataset' : `the ${crops.length} crops datasets`}`}
              description="Crops cannot be without their images."
              checked={withCrops}
              onChange={(event) => setWithCrops(event.currentTarget.checked)}
            />
          )}
          <TextInput
            label="Type its name to delete it"
            placeholder={dataset.name}
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.currentTarget.value)}
            data-autofocus
          />
          {deletion.error !== null && <ProblemAlert error={deletion.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Keep it
            </Button>
            <Button type="submit" color="red" disabled={!isSure} loading={deletion.isPending}>
              Delete
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function DatasetLine({ dataset }: { dataset: Dataset }) {
  const samples = counted(dataset.sample_count, unitOf(dataset.kind));
  return (
    <List.Item>
      <Text span inherit fw={600} style={{ overflowWrap: 'anywhere' }}>
        {dataset.name}
      </Text>
      : {samples}
      {dataset.kind === 'crops' ? ' and their crop files' : ''}
    </List.Item>
  );
}
