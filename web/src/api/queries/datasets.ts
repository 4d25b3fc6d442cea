import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type Dataset = Schemas['DatasetSummary'];
export type DatasetDetails = Schemas['DatasetDetails'];

export const MOST_DATASETS = 200;

export const datasetsQuery = queryOptions({
  queryKey: ['datasets', 'list'],
  queryFn: ({ signal }) =>
    ok(api.GET('/api/datasets', { params: { query: { limit: MOST_DATASETS } }, signal })),
});

export const datasetQuery = (dataset: string) =>
  queryOptions({
    queryKey: ['datasets', dataset],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/datasets/{dataset}', { params: { path: { dataset } }, signal })),
  });

export function useDataset(dataset: string) {
  return useQuery(datasetQuery(dataset));
}

/** A dataset with the ones it belongs together with. */
export interface DatasetFamily {
  dataset: DatasetDetails;
  /** The image dataset: itself, or the parent of crops. */
  images: Pick<Dataset, 'id' | 'name'>;
  /** The crops datasets of the image dataset. */
  crops: readonly Dataset[];
  /** The one among them that is looked at: itself, or the first. */
  currentCrops: Pick<Dataset, 'id' | 'name'> | null;
}

/** The image dataset and the crops datasets around a dataset. */
export function useFamily(dataset: string): { family: DatasetFamily | undefined; error: unknown } {
  const own = useDataset(dataset);
  const parentId = own.data?.parent_id ?? null;
  const parent = useQuery({ ...datasetQuery(parentId ?? ''), enabled: parentId !== null });
  const error = own.error ?? parent.error;
  if (own.data === undefined) return { family: undefined, error };
  if (own.data.kind !== 'crops') {
    const crops = own.data.children;
    return { family: { dataset: own.data, images: own.data, crops, currentCrops: crops[0] ?? null }, error };
  }
  const images = { id: own.data.parent_id ?? '', name: own.data.parent ?? '' };
  const crops = parent.data?.children ?? [own.data];
  return { family: { dataset: own.data, images, crops, currentCrops: own.data }, error };
}
