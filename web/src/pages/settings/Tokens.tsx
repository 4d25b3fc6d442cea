import { Button, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { tokensQuery, useRevokeToken } from '@/api/queries/account';
import { dateTime } from '@/model/format';
import { notifyProblem } from '@/ui/notify';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { RelativeTime } from '@/ui/RelativeTime';
import { NewTokenForm } from './NewTokenForm';

type Token = Schemas['TokenDocument'];

/** Secrets of scripts, workers and browsers. */
export function Tokens({ me }: { me: Schemas['MeDocument'] }) {
  const { data, error } = useQuery(tokensQuery);
  const good = (data?.items ?? []).filter(({ revoked_at }) => revoked_at === null).reverse();
  const hasOthers = good.some(({ user_id }) => user_id !== me.user_id);
  return (
    <Panel title="Tokens and sessions">
      <Text size="sm" c="dimmed" mb="sm">
        Scripts and workers come with a token: <code>swath.Client(url, token=…)</code>, or the variable{' '}
        <code>SWATH_TOKEN</code>.
      </Text>
      <NewTokenForm me={me} />
      {error !== null && <ProblemAlert error={error} />}
      <Table.ScrollContainer minWidth={620} mt="sm">
        <Table fz={13} verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              {hasOthers && <Table.Th>User</Table.Th>}
              <Table.Th>Scope</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th>Ends</Table.Th>
              <Table.Th aria-label="Actions" />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {good.map((token) => (
              <Row key={token.id} token={token} isThis={token.id === me.token_id} hasOthers={hasOthers} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}

interface RowProps {
  token: Token;
  /** It is what this browser comes with. */
  isThis: boolean;
  hasOthers: boolean;
}

function Row({ token, isThis, hasOthers }: RowProps) {
  const [isAsked, setAsked] = useState(false);
  const revocation = useRevokeToken();
  const words = token.kind === 'session' ? 'End' : 'Revoke';
  return (
    <Table.Tr>
      <Table.Td fw={isThis ? 600 : undefined}>
        {isThis ? 'This browser' : token.kind === 'session' ? 'A browser' : token.name}
      </Table.Td>
      {hasOthers && <Table.Td>{token.user}</Table.Td>}
      <Table.Td>{token.scope}</Table.Td>
      <Table.Td>
        <RelativeTime time={token.created_at} />
      </Table.Td>
      <Table.Td>
        {token.last_used_at === null ? 'never' : <RelativeTime time={token.last_used_at} />}
      </Table.Td>
      <Table.Td>{token.expires_at === null ? 'never' : dateTime(token.expires_at)}</Table.Td>
      <Table.Td ta="right">
        {!isThis && (
          <Button
            size="compact-xs"
            variant={isAsked ? 'filled' : 'subtle'}
            color="red"
            aria-label={`${words} ${token.name}`}
            loading={revocation.isPending}
            onBlur={() => setAsked(false)}
            onClick={() =>
              isAsked ? revocation.mutate(token.id, { onError: notifyProblem }) : setAsked(true)
            }
          >
            {isAsked ? `${words} for good?` : words}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
