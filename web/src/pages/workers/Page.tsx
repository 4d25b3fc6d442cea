import { Container, SimpleGrid, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Cpu } from 'lucide-react';
import { isUnderWay, recentRunsQuery } from '@/api/queries/runs';
import { workersQuery } from '@/api/queries/workers';
import { counted } from '@/model/format';
import { standingOf } from '@/model/runs';
import { JoinCommand } from '@/running/JoinCommand';
import { NoWorkerNotice } from '@/running/NoWorkerNotice';
import { Section } from '@/running/Section';
import { EmptyState } from '@/ui/EmptyState';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { WorkerCard } from './WorkerCard';

export default function Page() {
  const { data, error, refetch } = useQuery(workersQuery);
  const { data: recent } = useQuery(recentRunsQuery);
  const runs = recent?.items ?? [];
  const waiting = runs.filter(({ state }) => standingOf(state) === 'waiting').length;
  const workers = data?.items;
  const online = workers?.filter(({ state }) => state !== 'offline').length ?? 0;
  return (
    <Container size="lg" py="lg">
      <PageHeader
        title="Workers"
        about={workers === undefined ? ' ' : `${counted(online, 'worker')} online. Workers execute runs.`}
      />
      {error !== null && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {workers === undefined && error === null && (
        <Skeleton height={150} role="status" aria-label="Loading workers" />
      )}
      <NoWorkerNotice waiting={waiting} />
      {workers?.length === 0 && (
        <EmptyState icon={Cpu} title="No worker has ever joined">
          The server keeps what is asked for, and workers do it: on this machine or on others.
        </EmptyState>
      )}
      {workers !== undefined && workers.length > 0 && (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
          {workers.map((worker) => (
            <WorkerCard
              key={worker.id}
              worker={worker}
              runs={runs.filter(({ id, state }) => worker.runs.includes(id) && isUnderWay(state))}
            />
          ))}
        </SimpleGrid>
      )}
      {online > 0 && (
        <div style={{ marginTop: 24 }}>
          <Section title="Join another worker">
            <JoinCommand />
          </Section>
        </div>
      )}
    </Container>
  );
}
