import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useRenameDataset, type Dataset } from '@/api/queries/datasets';
import { ProblemError } from '@/api/client';
import { ProblemAlert } from '@/ui/ProblemAlert';

interface RenameDatasetDialogProps {
  dataset: Pick<Dataset, 'id' | 'name'>;
  onClose: () => void;
}

export function RenameDatasetDialog({ dataset, onClose }: RenameDatasetDialogProps) {
  const [name, setName] = useState(dataset.name);
  const renaming = useRenameDataset(dataset.id);
  const problem = renaming.error instanceof ProblemError ? renaming.error.problem : null;
  const isAboutName = problem !== null && problem.status !== 0 && problem.status < 500;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    renaming.mutate(name.trim(), { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={`Rename ${dataset.name}`} size="sm">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="New name"
            description="Scripts that name it have to be changed; ids and links stay as they are."
            value={name}
            spellCheck={false}
            error={isAboutName ? [problem.detail, problem.hint].filter(Boolean).join('. ') : undefined}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          {renaming.error !== null && !isAboutName && <ProblemAlert error={renaming.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              disabled={name.trim() === '' || name.trim() === dataset.name}
              loading={renaming.isPending}
            >
              Rename
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
