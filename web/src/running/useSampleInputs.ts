import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { datasetQuery, type DatasetDetails } from '@/api/queries/datasets';
import { facetsQuery } from '@/api/queries/samples';
import { inputsOfSamples, type SelectionInputs } from '@/model/selectionInputs';

/** What strategies can be asked about the samples of a dataset. */
export function useSampleInputs(dataset: DatasetDetails): SelectionInputs {
  const { data: facets } = useQuery(facetsQuery(dataset.id, undefined));
  const { data: parent } = useQuery({
    ...datasetQuery(dataset.parent_id ?? ''),
    enabled: dataset.parent_id !== null,
  });
  const hasImageVectors = parent?.embedder != null;
  return useMemo(
    () =>
      inputsOfSamples({
        kind: dataset.kind,
        categories: facets?.categories ?? [],
        metadata: facets?.metadata ?? [],
        cropTasks: dataset.children.flatMap(({ task }) => task ?? []),
        hasImageVectors,
      }),
    [dataset, facets, hasImageVectors],
  );
}
