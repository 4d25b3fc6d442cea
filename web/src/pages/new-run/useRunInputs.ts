import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Preview } from '@/api/queries/previews';
import { facetsQuery } from '@/api/queries/samples';
import { countByCategory } from '@/model/previewCounts';
import type { RunForm } from '@/model/runForm';
import { inputsOfRun, type SelectionInputs } from '@/model/selectionInputs';

/** What strategies can be asked about what a run will find, going by the part that was looked at and earlier runs. */
export function useRunInputs(
  { task: name, unit }: RunForm,
  preview: Preview | undefined,
  dataset: DatasetDetails | undefined,
): SelectionInputs {
  const { data: facets } = useQuery({
    ...facetsQuery(dataset?.id ?? '', undefined),
    enabled: dataset !== undefined,
  });
  return useMemo(() => {
    const task = preview?.tasks.find((one) => one.name === name);
    return inputsOfRun({
      unit: name === '' ? 'images' : unit,
      task: task === undefined ? null : { name, type: task.task_type, categories: task.categories },
      counts: preview === undefined ? new Map() : countByCategory(preview.objects),
      metadata: facets?.metadata ?? [],
    });
  }, [name, unit, preview, facets]);
}
