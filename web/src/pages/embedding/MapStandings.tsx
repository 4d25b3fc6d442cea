import { Button, Center, Loader, Stack, Text } from '@mantine/core';
import { Construction, CircleAlert } from 'lucide-react';
import { useCreateProjection, type Projection } from '@/api/queries/projections';
import { EmptyState } from '@/ui/EmptyState';
import { notifyProblem } from '@/ui/notify';
import { METHOD_NAMES } from '@/model/mapMethods';
import { RunProgress } from './RunProgress';

/** A map that a run is making. */
export function PendingMap({ projection }: { projection: Projection }) {
  return (
    <EmptyState
      icon={Construction}
      title={`The ${METHOD_NAMES[projection.method]} map is being made`}
      action={
        <Stack align="center" gap="md">
          <Text size="sm" c="dimmed">
            It is shown here as soon as it is ready.
          </Text>
          {projection.run_id !== null && <RunProgress run={projection.run_id} />}
        </Stack>
      }
    />
  );
}

/** A map that no run could make. */
export function FailedMap({ projection }: { projection: Projection }) {
  const create = useCreateProjection(projection.dataset_id);
  const { method, parameters } = projection;
  const again = () => create.mutate({ method, parameters }, { onError: notifyProblem });
  return (
    <EmptyState
      icon={CircleAlert}
      title={`The ${METHOD_NAMES[method]} map could not be made`}
      action={
        method !== 'pca' && (
          <Button size="xs" loading={create.isPending} onClick={again}>
            Try again
          </Button>
        )
      }
    >
      {projection.message || 'The run that made it has ended without one.'}
    </EmptyState>
  );
}

export function LoadingMap() {
  return (
    <Center h="100%">
      <Loader size="sm" aria-label="Loading the map" />
    </Center>
  );
}
