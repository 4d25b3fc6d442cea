import { SimpleGrid, Stack, Text } from '@mantine/core';
import type { Run, RunResult, SelectionResult } from '@/api/queries/runs';
import { count, duration } from '@/model/format';
import { categoryRows, distributionRows } from '@/model/quality';
import { imageRows, objectRows, selectionRows, type CountRow } from '@/model/resultCounts';
import { stageLabel } from '@/model/runs';
import { stopInWords } from '@/model/stops';
import { CategoryCompare } from '@/running/CategoryCompare';
import { Quality } from '@/running/Quality';
import { Bars } from '@/ui/Bars';
import { Panel } from '@/ui/Panel';
import { Chosen, isSelection } from './Chosen';
import classes from './ResultTab.module.css';

/** What a run did, in numbers. */
export function ResultTab({ run, result }: { run: Run; result: RunResult }) {
  const isObjectLevel = run.kind === 'object-level';
  const hasDistribution = Object.keys(result.quality?.class_distribution ?? {}).length > 0;
  return (
    <Stack gap="md">
      <Text>{result.message}</Text>
      {isObjectLevel && <Passage run={run} result={result} />}
      {isSelection(result) && <Chosen result={result} />}
      {isSelection(result) && (
        <Panel title="Categories" aside={endOf(result)}>
          <CategoryCompare rows={categoryRows(result.categories ?? {}, result.quality)} />
        </Panel>
      )}
      <QualityOf result={result} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {isObjectLevel && !hasDistribution && <SelectedCategories result={result} />}
        <Timings run={run} seconds={result.stage_seconds ?? {}} />
      </SimpleGrid>
    </Stack>
  );
}

/** How good the selection is, and of a run how categories were before and after. */
function QualityOf({ result }: { result: RunResult }) {
  const { quality } = result;
  if (quality == null) return null;
  const rows = isSelection(result) ? [] : distributionRows(quality);
  return (
    <>
      <Panel title="Quality" aside="beside random selections of the same size">
        <Quality quality={quality} />
      </Panel>
      {rows.length > 0 && (
        <Panel title="Categories">
          <CategoryCompare rows={rows} />
        </Panel>
      )}
    </>
  );
}

/** What older runs know of categories. */
function SelectedCategories({ result }: { result: RunResult }) {
  const categories = Object.entries(result.selected_categories ?? {});
  if (categories.length === 0) return null;
  return (
    <Panel title="Selected by category">
      <Bars bars={categories.map(([label, value]) => ({ key: label, label, value }))} />
    </Panel>
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

function endOf({ stopped_by, dry_run, preselected = 0 }: SelectionResult): string {
  return [
    dry_run ? 'dry run' : '',
    preselected > 0 ? `${count(preselected)} counted as chosen before` : '',
    stopInWords(stopped_by),
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
