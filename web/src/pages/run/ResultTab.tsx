import { SimpleGrid, Stack, Text } from '@mantine/core';
import type { Run, RunResult, SelectionResult } from '@/api/queries/runs';
import { count, duration } from '@/model/format';
import { imageRows, objectRows, selectionRows, type CountRow } from '@/model/resultCounts';
import { stageLabel } from '@/model/runs';
import { CategoryCompare } from '@/running/CategoryCompare';
import { Bars } from '@/ui/Bars';
import { Panel } from '@/ui/Panel';
import { Chosen, isSelection } from './Chosen';
import classes from './ResultTab.module.css';

/** What a run did, in numbers. */
export function ResultTab({ run, result }: { run: Run; result: RunResult }) {
  const isObjectLevel = run.kind === 'object-level';
  return (
    <Stack gap="md">
      <Text>{result.message}</Text>
      {isObjectLevel && <Passage run={run} result={result} />}
      {isSelection(result) && <Chosen result={result} />}
      {isSelection(result) && (
        <Panel title="Categories" aside={stoppedBy(result)}>
          <CategoryCompare categories={result.categories ?? {}} hasBefore={(result.preselected ?? 0) > 0} />
        </Panel>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {isObjectLevel && Object.keys(result.selected_categories ?? {}).length > 0 && (
          <Panel title="Selected by category">
            <Bars
              bars={Object.entries(result.selected_categories ?? {}).map(([label, value]) => ({
                key: label,
                label,
                value,
              }))}
            />
          </Panel>
        )}
        <Timings run={run} seconds={result.stage_seconds ?? {}} />
      </SimpleGrid>
    </Stack>
  );
}

/** Everything that came in, what went out and why, and what is left. */
function Passage({ run, result }: { run: Run; result: RunResult }) {
  const unit = (run.config.selection as { unit?: string } | undefined)?.unit ?? 'objects';
  return (
    <SimpleGrid cols={{ base: 1, sm: run.task === null ? 2 : 3 }}>
      <Panel title="Images">
        <Counts rows={imageRows(result.images ?? {})} />
      </Panel>
      {run.task !== null && (
        <Panel title="Objects">
          <Counts rows={objectRows(result.objects ?? {})} />
          <Text size="xs" c="dimmed" mt="xs">
            {count(result.objects?.clipped ?? 0)} reach over the edge of their image.{' '}
            {count(result.objects?.embedded ?? 0)} were embedded, {count(result.objects?.cached ?? 0)} known
            before.
          </Text>
        </Panel>
      )}
      <Panel title="Selection">
        <Counts rows={selectionRows(result, unit)} />
      </Panel>
    </SimpleGrid>
  );
}

function Counts({ rows }: { rows: readonly CountRow[] }) {
  return (
    <table className={classes.counts}>
      <tbody>
        {rows.map(({ label, value, role }) => (
          <tr key={label} data-role={role}>
            <td>{label}</td>
            <td>{role === 'out' ? `−${count(value)}` : count(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Timings({ run, seconds }: { run: Run; seconds: Readonly<Record<string, number>> }) {
  const stages = Object.entries(seconds);
  if (stages.length === 0) return null;
  const total = stages.reduce((sum, [, took]) => sum + took, 0);
  return (
    <Panel title="Time by stage" aside={duration(total * 1000)}>
      <Bars
        bars={stages.map(([stage, took]) => ({ key: stage, label: stageLabel(run, stage), value: took }))}
        format={(took) => duration(took * 1000)}
      />
    </Panel>
  );
}

const STOPS: Record<string, string> = {
  count: 'stopped at the amount',
  minimum_distance: 'stopped at the minimum distance',
  exhausted: 'there was no more',
};

function stoppedBy({ stopped_by = '', dry_run, preselected = 0 }: SelectionResult): string {
  return [
    dry_run ? 'dry run' : '',
    preselected > 0 ? `${count(preselected)} counted as chosen before` : '',
    STOPS[stopped_by] ?? '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
