import { Badge, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useCreateUser, usersQuery } from '@/api/queries/account';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { RelativeTime } from '@/ui/RelativeTime';

/** Who there is besides the owner, for owners to see. */
export function Users() {
  const { data, error } = useQuery(usersQuery);
  const [name, setName] = useState('');
  const creation = useCreateUser();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creation.mutate(name.trim(), { onSuccess: () => setName('') });
  };
  return (
    <Panel title="Users">
      <Stack gap="xs">
        {(data?.items ?? []).map((user) => (
          <Group key={user.id} justify="space-between">
            <Group gap="xs">
              <Text size="sm">{user.name}</Text>
              {user.is_local && (
                <Badge size="sm" variant="light" color="gray" tt="none">
                  owner of this installation
                </Badge>
              )}
            </Group>
            <Text size="sm" c="dimmed">
              <RelativeTime time={user.created_at} />
            </Text>
          </Group>
        ))}
        <form onSubmit={submit}>
          <Group gap="xs" align="flex-end">
            <TextInput
              flex={1}
              label="New user"
              placeholder="A name or an e-mail address"
              value={name}
              autoComplete="off"
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button
              type="submit"
              variant="default"
              disabled={name.trim() === ''}
              loading={creation.isPending}
            >
              Add
            </Button>
          </Group>
        </form>
        <Text size="xs" c="dimmed">
          Make a token for a new user above; with it they have datasets, runs and tags of their own.
        </Text>
        {error !== null && <ProblemAlert error={error} />}
        {creation.error !== null && <ProblemAlert error={creation.error} />}
      </Stack>
    </Panel>
  );
}
