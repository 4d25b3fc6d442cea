import { Group, Stack, Text } from '@mantine/core';
import type { Run, RunResult } from '@/api/queries/runs';
import { dateTime, duration } from '@/model/format';
import { aboutTime, rateWords, standingOf, stateSentence, tookMs } from '@/model/runs';
import { NoWorkerNotice } from '@/running/NoWorkerNotice';
import { Panel } from '@/ui/Panel';
import { doneOfTotal, RunProgress } from '@/ui/RunProgress';
import { useNow } from '@/ui/useNow';
import { Stages } from './Stages';
import { usePace } from './usePace';
import { useStageTimes } from './useStageTimes';

interface ProgressTabProps {
  run: Run;
  result: RunResult | undefined;
  /** When the run was like this. */
  at: number;
}

/** Where a run is, how fast it goes and how long it takes. */
export function ProgressTab({ run, result, at }: ProgressTabProps) {
  const seenSeconds = useStageTimes(run, at);
  const standing = standingOf(run.state);
  return (
    <Stack gap="lg">
      {standing === 'waiting' && <NoWorkerNotice waiting={1} />}
      {(standing === 'done' || standing === 'stopped') && <Text>{run.message}</Text>}
      <Panel title="Stages">
        <Stack gap="xl" pt="sm">
          <Stages run={run} seconds={mergedSeconds(run, result, seenSeconds)} />
          {standing === 'working' && <UnderWay run={run} at={at} />}
        </Stack>
      </Panel>
      <Times run={run} />
    </Stack>
  );
}

function mergedSeconds(
  { state }: Run,
  result: RunResult | undefined,
  seen: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> | null {
  if (result?.stage_seconds !== undefined) return result.stage_seconds;
  // Of one that is over and whose result is yet to come, what was seen says nothing about the rest.
  return state === 'COMPLETED' ? null : seen;
}

function UnderWay({ run, at }: { run: Run; at: number }) {
  const { rate, remaining } = usePace(run, at);
  const progress = run.progress?.state === run.state ? run.progress : null;
  const facts = [
    progress === null ? null : doneOfTotal(progress),
    rate === null || progress === null ? null : rateWords(rate, progress.unit ?? ''),
    remaining === null ? null : `${aboutTime(remaining)} left in this stage`,
  ].filter((fact) => fact !== null);
  return (
    <div>
      <Group justify="space-between" mb={6} gap="md">
        <Text size="sm" fw={600}>
          {stateSentence(run)}
        </Text>
        <Text size="sm" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {facts.join(' · ')}
        </Text>
      </Group>
      <RunProgress run={run} size="md" />
    </div>
  );
}

function Times({ run }: { run: Run }) {
  const now = useNow(1000, run.finished_at === null);
  const took = tookMs(run, now);
  const facts: [string, string][] = [
    ['Asked for', dateTime(run.created_at)],
    ...(run.started_at === null ? [] : ([['Started', dateTime(run.started_at)]] as [string, string][])),
    ...(run.finished_at === null ? [] : ([['Ended', dateTime(run.finished_at)]] as [string, string][])),
    ...(took === null
      ? []
      : ([[run.finished_at === null ? 'At work for' : 'Took', duration(took)]] as [string, string][])),
    ...(run.deaths === 0 ? [] : ([['Workers that died over it', String(run.deaths)]] as [string, string][])),
  ];
  return (
    <Group gap="xl">
      {facts.map(([label, value]) => (
        <div key={label}>
          <Text size="xs" c="dimmed">
            {label}
          </Text>
          <Text size="sm">{value}</Text>
        </div>
      ))}
    </Group>
  );
}
