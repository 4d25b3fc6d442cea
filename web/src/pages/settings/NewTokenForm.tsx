import { Alert, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import type { Schemas } from '@/api/client';
import { useCreateToken, usersQuery } from '@/api/queries/account';
import { CodeBlock } from '@/ui/CodeBlock';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { SCOPE_WORDS, scopesOf } from './scopes';

const DAY_MS = 86_400_000;

const ENDS = [
  { value: '0', label: 'never' },
  { value: '7', label: 'in a week' },
  { value: '30', label: 'in 30 days' },
  { value: '365', label: 'in a year' },
];

/** Makes a token, and shows its secret this once. */
export function NewTokenForm({ me }: { me: Schemas['MeDocument'] }) {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Schemas['Scope']>('member');
  const [user, setUser] = useState(me.user);
  const [days, setDays] = useState('0');
  const creation = useCreateToken();
  const isOwner = me.scope === 'owner';
  const { data: users } = useQuery({ ...usersQuery, enabled: isOwner });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expires_at = days === '0' ? null : Date.now() + Number(days) * DAY_MS;
    creation.mutate({ name: name.trim(), scope, user, expires_at }, { onSuccess: () => setName('') });
  };
  return (
    <Stack gap="xs">
      <form onSubmit={submit}>
        <Group gap="xs" align="flex-end">
          <TextInput
            flex={1}
            miw={150}
            label="New token"
            placeholder="What it is for"
            value={name}
            autoComplete="off"
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {(users?.items.length ?? 0) > 1 && (
            <Select
              w={140}
              label="For"
              data={(users?.items ?? []).map((one) => one.name)}
              value={user}
              allowDeselect={false}
              onChange={(value) => setUser(value ?? me.user)}
            />
          )}
          <Select
            w={130}
            label="Scope"
            data={scopesOf(me.scope)}
            value={scope}
            allowDeselect={false}
            onChange={(value) => setScope(value as Schemas['Scope'])}
          />
          <Select
            w={130}
            label="Ends"
            data={ENDS}
            value={days}
            allowDeselect={false}
            onChange={(value) => setDays(value ?? '0')}
          />
          <Button type="submit" disabled={name.trim() === ''} loading={creation.isPending}>
            Make
          </Button>
        </Group>
      </form>
      <Text size="xs" c="dimmed">
        Good for {SCOPE_WORDS[scope]}.
      </Text>
      {creation.error !== null && <ProblemAlert error={creation.error} />}
      {creation.data !== undefined && (
        <Alert color="teal" variant="light" title={`The secret of ${creation.data.name}`}>
          <Text size="sm" mb={8}>
            Copy it now: it is shown this once, and nobody can find it out later.
          </Text>
          <CodeBlock code={creation.data.secret} label="Copy the token" />
        </Alert>
      )}
    </Stack>
  );
}
