import { Alert, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Cpu } from 'lucide-react';
import { workersQuery } from '@/api/queries/workers';
import { counted } from '@/model/format';
import { JoinCommand } from './JoinCommand';

/** Nothing will happen as long as no worker is there: say so, and what to do. Nothing where one is online. */
export function NoWorkerNotice({ waiting }: { waiting: number }) {
  const { data } = useQuery(workersQuery);
  if (data === undefined || data.items.some(({ state }) => state !== 'offline')) return null;
  return (
    <Alert color="yellow" variant="light" icon={<Cpu size={18} />} title="No worker is online" mb="lg">
      <Text size="sm" mb="sm">
        {waiting > 0
          ? `${counted(waiting, 'run')} ${waiting === 1 ? 'waits' : 'wait'} for one. Start a worker, and it takes ${waiting === 1 ? 'it' : 'them'} up at once:`
          : 'Runs that are asked for will wait until there is one. Start a worker with:'}
      </Text>
      <JoinCommand />
    </Alert>
  );
}
