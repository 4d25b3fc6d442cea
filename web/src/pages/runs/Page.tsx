import { Button, Center, Container, Skeleton, Stack } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { useMemo } from 'react';
import { recentRunsQuery, runsQuery } from '@/api/queries/runs';
import { counted } from '@/model/format';
import { isStanding, standingOf, statesOf } from '@/model/runs';
import { NoWorkerNotice } from '@/running/NoWorkerNotice';
import { EmptyState } from '@/ui/EmptyState';
import { LinkButton } from '@/ui/LinkButton';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { RunFilters } from './RunFilters';
import { RunTable } from './RunTable';

export default function Page() {
  const { state, dataset } = useSearch({ from: '/runs' });
  const navigate = useNavigate({ from: '/runs' });
  const standing = isStanding(state) ? state : undefined;
  const states = useMemo(() => (standing === undefined ? [] : statesOf(standing)), [standing]);
  const found = useInfiniteQuery(runsQuery(states, dataset));
  const { data: recent } = useQuery(recentRunsQuery);
  const waiting = (recent?.items ?? []).filter((run) => standingOf(run.state) === 'waiting').length;
  const runs = found.data?.pages.flatMap(({ items }) => items);
  const total = found.data?.pages[0]?.total ?? 0;
  const isFiltered = standing !== undefined || dataset !== undefined;
  return (
    <Container size="xl" py="lg">
      <PageHeader title="Runs" about={runs === undefined ? ' ' : counted(total, 'run')} />
      <NoWorkerNotice waiting={waiting} />
      <RunFilters
        standing={standing}
        dataset={dataset}
        onChange={(search) => void navigate({ search, replace: true })}
      />
      {found.error !== null && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {runs === undefined && found.error === null && <Waiting />}
      {runs?.length === 0 && <NoRuns isFiltered={isFiltered} />}
      {runs !== undefined && runs.length > 0 && <RunTable runs={runs} />}
      {found.hasNextPage && (
        <Center mt="md">
          <Button
            variant="default"
            loading={found.isFetchingNextPage}
            onClick={() => void found.fetchNextPage()}
          >
            Show more
          </Button>
        </Center>
      )}
    </Container>
  );
}

function Waiting() {
  return (
    <Stack gap="xs" aria-busy aria-label="Loading runs">
      {[0, 1, 2, 3].map((row) => (
        <Skeleton key={row} height={52} />
      ))}
    </Stack>
  );
}

function NoRuns({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <EmptyState icon={Play} title="No such run">
      No run fits these filters.
    </EmptyState>
  ) : (
    <EmptyState icon={Play} title="No run yet" action={<LinkButton to="/">Go to the datasets</LinkButton>}>
      A run cuts the objects out of a dataset’s images, embeds them and selects a diverse part. Start one from
      a dataset’s overview.
    </EmptyState>
  );
}
