import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type Dataset = Schemas['DatasetSummary'];
export type DatasetDetails = Schemas['DatasetDetails'];

/** Most that the server lists in one answer. */
const LISTED_AT_ONCE = 1000;

/** All datasets that one may see, oldest first. */
export const datasetsQuery = queryOptions({
  queryKey: ['datasets', 'list'],
  queryFn: async ({ signal }) => {
    const items: Dataset[] = [];
    for (;;) {
      const query = { limit: LISTED_AT_ONCE, offset: items.length };
      const page = await ok(api.GET('/api/datasets', { params: { query }, signal }));
      items.push(...page.items);
      if (page.items.length === 0 || items.length >= page.total) return { items, total: items.length };
    }
  },
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

export function useCreateDataset() {
  return useMutation({
    mutationFn: (body: Schemas['DatasetCreate']) => ok(api.POST('/api/datasets', { body })),
  });
}

export function useRenameDataset(dataset: string) {
  return useMutation({
    mutationFn: (name: string) =>
      ok(api.PATCH('/api/datasets/{dataset}', { params: { path: { dataset } }, body: { name } })),
  });
}

/** Delete a dataset, and with `cascade` the crops datasets of its images. */
export function useDeleteDataset(dataset: string) {
  return useMutation({
    mutationFn: (cascade: boolean) =>
      ok(api.DELETE('/api/datasets/{dataset}', { params: { path: { dataset }, query: { cascade } } })),
  });
}

export const sharesQuery = (dataset: string) =>
  queryOptions({
    queryKey: ['datasets', dataset, 'shares'],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/datasets/{dataset}/shares', { params: { path: { dataset } }, signal })),
  });

export function useShareDataset(dataset: string) {
  return useMutation({
    mutationFn: (user: string) =>
      ok(api.PUT('/api/datasets/{dataset}/shares/{user}', { params: { path: { dataset, user } } })),
  });
}

export function useUnshareDataset(dataset: string) {
  return useMutation({
    mutationFn: (user: string) =>
      ok(api.DELETE('/api/datasets/{dataset}/shares/{user}', { params: { path: { dataset, user } } })),
  });
}
