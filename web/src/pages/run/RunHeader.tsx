import { Button, Group, Text } from '@mantine/core';
import { Ban, RotateCcw } from 'lucide-react';
import { isUnderWay, type Run } from '@/api/queries/runs';
import { kindWords, standingOf, stateSentence } from '@/model/runs';
import { CloneButton } from '@/running/CloneButton';
import { useRunActions } from '@/running/useRunActions';
import { PageHeader } from '@/ui/PageHeader';
import { RelativeTime } from '@/ui/RelativeTime';
import { RunStateDot } from '@/ui/RunStateDot';
import { TextLink } from '@/ui/TextLink';

/** Which run this is, how it stands, and what can be done with it. */
export function RunHeader({ run }: { run: Run }) {
  const { cancel, retry, isBusy } = useRunActions();
  return (
    <PageHeader
      title={
        <>
          <DatasetLink {...run.image_dataset} />
          {run.crop_dataset !== null && (
            <>
              {' → '}
              <DatasetLink {...run.crop_dataset} />
            </>
          )}
        </>
      }
      about={
        <Group gap="sm">
          <RunStateDot state={run.state} />
          {['working', 'waiting'].includes(standingOf(run.state)) && (
            <Text span inherit>
              {stateSentence(run)}
            </Text>
          )}
          <span>
            {kindWords(run)}
            {run.task !== null && ` · ${run.task}`}
          </span>
          <span>{worker(run)}</span>
          <span>
            asked for <RelativeTime time={run.created_at} />
          </span>
        </Group>
      }
      actions={
        <>
          {isUnderWay(run.state) && (
            <Button
              variant="default"
              leftSection={<Ban size={15} />}
              disabled={isBusy || run.cancel_requested}
              onClick={() => cancel(run)}
            >
              {run.cancel_requested ? 'Stopping' : 'Stop'}
            </Button>
          )}
          {!isUnderWay(run.state) && run.state !== 'COMPLETED' && (
            <Button leftSection={<RotateCcw size={15} />} loading={isBusy} onClick={() => retry(run)}>
              Retry
            </Button>
          )}
          <CloneButton run={run} />
        </>
      }
    />
  );
}

function DatasetLink({ id, name }: { id: string; name: string }) {
  return (
    <TextLink to="/d/$dataset" params={{ dataset: id }} inherit c="inherit" underline="hover">
      {name}
    </TextLink>
  );
}

function worker({ worker, host_name }: Run): string {
  if (worker !== null) return `worker ${worker.name ?? 'that was forgotten'}`;
  return host_name === null ? '' : `executed on ${host_name}`;
}
