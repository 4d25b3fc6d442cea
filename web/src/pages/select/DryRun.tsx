import { Alert, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetDetails } from '@/api/queries/datasets';
import { resultQuery, runQuery, type SelectionResult } from '@/api/queries/runs';
import { counted } from '@/model/format';
import { standingOf, stateSentence } from '@/model/runs';
import { CategoryCompare } from '@/running/CategoryCompare';
import { NoWorkerNotice } from '@/running/NoWorkerNotice';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { RunProgress } from '@/ui/RunProgress';
import { TextLink } from '@/ui/TextLink';
import { Examples } from './Examples';

interface DryRunProps {
  runId: string;
  dataset: DatasetDetails;
  /** Whether the form has other values by now. */
  isOld: boolean;
}

/** What a selection would choose, before anything is kept. */
export function DryRun({ runId, dataset, isOld }: DryRunProps) {
  const { data: run, error } = useQuery(runQuery(runId));
  const isDone = run?.state === 'COMPLETED';
  const { data: result } = useQuery({ ...resultQuery(runId), enabled: isDone && run.has_result });
  const link = (
    <TextLink to="/runs/$run" params={{ run: runId }} search={{}}>
      the run
    </TextLink>
  );
  return (
    <Panel title="What would be chosen" aside={link}>
      {error !== null && <ProblemAlert error={error} />}
      {isOld && (
        <Alert color="yellow" variant="light" p="xs" mb="sm">
          The values have changed since this dry run.
        </Alert>
      )}
      {run !== undefined && ['failed', 'stopped'].includes(standingOf(run.state)) && (
        <Alert color="red" variant="light" title="The dry run ended early">
          {run.message}
        </Alert>
      )}
      {run !== undefined && ['waiting', 'working'].includes(standingOf(run.state)) && (
        <Stack gap="xs">
          <Text size="sm">{stateSentence(run)}</Text>
          <RunProgress run={run} />
          <NoWorkerNotice waiting={1} />
        </Stack>
      )}
      {result !== undefined && <Choice result={result as SelectionResult} dataset={dataset} />}
    </Panel>
  );
}

function Choice({ result, dataset }: { result: SelectionResult; dataset: DatasetDetails }) {
  const unit = dataset.kind === 'crops' ? 'object' : 'image';
  const selected = result.selected ?? 0;
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          {counted(selected, unit)} would be chosen
        </Text>
      </Group>
      {result.selection_id != null && (
        <Examples dataset={dataset} selection={result.selection_id} total={selected} />
      )}
      <CategoryCompare categories={result.categories ?? {}} hasBefore={(result.preselected ?? 0) > 0} />
    </Stack>
  );
}
