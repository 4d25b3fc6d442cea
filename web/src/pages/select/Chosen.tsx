import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { SelectionResult } from '@/api/queries/runs';
import { count, counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import { categoryRows } from '@/model/quality';
import { stopInWords } from '@/model/stops';
import { CategoryCompare } from '@/running/CategoryCompare';
import { Findings } from '@/running/Findings';
import { Quality } from '@/running/Quality';
import { Examples } from './Examples';

interface ChosenProps {
  result: SelectionResult;
  dataset: DatasetDetails;
  /** What can be done with it. */
  children: ReactNode;
}

/** What a dry run would choose, and how good that is. */
export function Chosen({ result, dataset, children }: ChosenProps) {
  const selected = result.selected ?? 0;
  const findings = result.findings ?? [];
  return (
    <Stack gap="lg">
      <div>
        <Text size="sm" fw={600}>
          {counted(selected, unitOf(dataset.kind))} would be chosen
        </Text>
        <Text size="sm" c="dimmed">
          {passage(result)}
        </Text>
      </div>
      {children}
      {findings.length > 0 && <Findings findings={findings} />}
      {result.selection_id != null && selected > 0 && (
        <Examples dataset={dataset} selection={result.selection_id} total={selected} />
      )}
      {result.quality != null && (
        <Part title="Quality">
          <Quality quality={result.quality} />
        </Part>
      )}
      <Part title="Categories">
        <CategoryCompare rows={categoryRows(result.categories ?? {}, result.quality)} />
      </Part>
    </Stack>
  );
}

function passage({ candidates = 0, preselected = 0, stopped_by }: SelectionResult): string {
  const stop = stopInWords(stopped_by);
  return [
    `of ${count(candidates)}`,
    ...(preselected > 0 ? [`${count(preselected)} counted as chosen before`] : []),
    ...(stop === '' ? [] : [stop]),
  ].join('; ');
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <Text component="h3" size="sm" fw={600} mb={6}>
        {title}
      </Text>
      {children}
    </section>
  );
}
