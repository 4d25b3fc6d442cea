import { Button, Group, Text } from '@mantine/core';
import { LogOut } from 'lucide-react';
import type { Schemas } from '@/api/client';
import { useLogOut } from '@/api/queries/account';
import { notifyProblem } from '@/ui/notify';
import { Panel } from '@/ui/Panel';
import { SCOPE_WORDS } from './scopes';

/** Whose session this is, and its end. */
export function WhoAmI({ me }: { me: Schemas['MeDocument'] }) {
  const leaving = useLogOut();
  const logOut = () =>
    leaving.mutate(undefined, {
      // A whole new page: nothing of what was shown stays in memory.
      onSuccess: () => window.location.assign('/login'),
      onError: notifyProblem,
    });
  return (
    <Panel title="Who you are">
      <Group justify="space-between">
        <div>
          <Text fw={600}>{me.user}</Text>
          <Text size="sm" c="dimmed">
            {me.is_local ? 'Owner of this installation. ' : ''}
            This browser may do {SCOPE_WORDS[me.scope]}.
          </Text>
        </div>
        <Button
          variant="default"
          leftSection={<LogOut size={15} aria-hidden />}
          loading={leaving.isPending}
          onClick={logOut}
        >
          Log out
        </Button>
      </Group>
    </Panel>
  );
}
