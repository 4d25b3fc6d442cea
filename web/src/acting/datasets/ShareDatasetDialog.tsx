import { ActionIcon, Autocomplete, Button, Group, Modal, Stack, Text, Tooltip } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { sharesQuery, useShareDataset, useUnshareDataset, type Dataset } from '@/api/queries/datasets';
import { meQuery, usersQuery } from '@/api/queries/account';
import { ProblemAlert } from '@/ui/ProblemAlert';

interface ShareDatasetDialogProps {
  dataset: Pick<Dataset, 'id' | 'name' | 'owner_id'>;
  onClose: () => void;
}

/** Who else sees a dataset. */
export function ShareDatasetDialog({ dataset, onClose }: ShareDatasetDialogProps) {
  const shares = useQuery(sharesQuery(dataset.id));
  const me = useQuery(meQuery);
  // Only owners of the server see who there is; others have to know whom they mean.
  const users = useQuery({ ...usersQuery, enabled: me.data?.scope === 'owner' });
  const [name, setName] = useState('');
  const share = useShareDataset(dataset.id);
  const unshare = useUnshareDataset(dataset.id);
  const queryClient = useQueryClient();
  // Sharing is no event of the dataset: nothing about it changes for those who see it already.
  const reload = () => void queryClient.invalidateQueries({ queryKey: sharesQuery(dataset.id).queryKey });
  const sharedWith = shares.data?.items ?? [];
  const others = (users.data?.items ?? []).filter(
    ({ id }) => id !== dataset.owner_id && !sharedWith.some(({ user_id }) => user_id === id),
  );
  const add = (event: FormEvent) => {
    event.preventDefault();
    share.mutate(name.trim(), {
      onSuccess: () => {
        setName('');
        reload();
      },
    });
  };
  const error = shares.error ?? share.error ?? unshare.error;
  return (
    <Modal opened onClose={onClose} title={`Share ${dataset.name}`} size="sm">
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          Others see it with all of its crops datasets and may tag, save views and export. Runs, sharing and
          deleting stay with its owner.
        </Text>
        {sharedWith.map(({ user_id, user }) => (
          <Group key={user_id} justify="space-between">
            <Text size="sm">{user}</Text>
            <Tooltip label="Stop sharing">
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Stop sharing with ${user}`}
                onClick={() => unshare.mutate(user_id, { onSuccess: reload })}
              >
                <X size={15} />
              </ActionIcon>
            </Tooltip>
          </Group>
        ))}
        {shares.data !== undefined && sharedWith.length === 0 && <Text size="sm">Nobody else sees it.</Text>}
        <form onSubmit={add}>
          <Group gap="xs" align="flex-end" wrap="nowrap">
            <Autocomplete
              flex={1}
              label="Share with"
              placeholder="Name of a user"
              data={others.map((user) => user.name)}
              value={name}
              onChange={setName}
            />
            <Button type="submit" disabled={name.trim() === ''} loading={share.isPending}>
              Share
            </Button>
          </Group>
        </form>
        {error !== null && <ProblemAlert error={error} />}
      </Stack>
    </Modal>
  );
}
