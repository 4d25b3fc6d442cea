import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { facetsQuery } from '@/api/queries/samples';
import { inputsOfSamples, type SelectionInputs } from '@/model/selectionInputs';

/** What strategies can be asked about the samples of a dataset. */
export function useSampleInputs(dataset: DatasetDetails): SelectionInputs {
  const { data: facets } = useQuery(facetsQuery(dataset.id, undefined));
  return useMemo(
    () =>
      inputsOfSamples({
        kind: dataset.kind,
        categories: facets?.categories ?? [],
        metadata: facets?.metadata ?? [],
        cropTasks: dataset.children.flatMap(({ task }) => task ?? []),
      }),
    [dataset, facets],
  );
}
