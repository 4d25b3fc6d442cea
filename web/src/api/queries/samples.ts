import { queryOptions } from '@tanstack/react-query';
import { Bitmap } from '@/model/bitmap';
import type { Filter, Sort } from '@/model/browsing';
import { spreadIndices } from '@/model/spread';
import { api, fetchBytes, ok, type Schemas } from '../client';

export type Sample = Schemas['SampleDocument'];
export type SamplePage = Schemas['SamplePage'];
export type Facets = Schemas['FacetsDocument'];

/** A row of samples: those of a dataset that pass a filter, in an order. */
export interface SampleRow {
  datasetId: string;
  filter?: Filter;
  sort?: Sort;
  /** With what was predicted on images. */
  withBoxes?: boolean;
}

export const PAGE_SIZE = 200;

export const samplePageQuery = (row: SampleRow, page: number) =>
  queryOptions({
    queryKey: ['samples', row.datasetId, 'page', row, page],
    // The client's types forget how long tuples are.
    queryFn: async ({ signal }): Promise<SamplePage> =>
      (await ok(
        api.POST('/api/datasets/{dataset}/samples:query', {
          params: { path: { dataset: row.datasetId } },
          body: {
            filter: row.filter ?? {},
            sort: row.sort ?? { key: 'index', descending: false },
            offset: page * PAGE_SIZE,
            limit: PAGE_SIZE,
            with_tags: false,
            with_boxes: row.withBoxes ?? false,
          },
          signal,
        }),
      )) as SamplePage,
  });

/** Counts beside a filter; those of the filter before stay in view until the new ones are there. */
export const facetsQuery = (datasetId: string, filter: Filter | undefined) =>
  queryOptions({
    queryKey: ['facets', datasetId, filter ?? {}],
    queryFn: ({ signal }) =>
      ok(
        api.POST('/api/datasets/{dataset}/samples:facets', {
          params: { path: { dataset: datasetId } },
          body: { filter: filter ?? {} },
          signal,
        }),
      ),
    placeholderData: (before, query) => (query?.queryKey[1] === datasetId ? before : undefined),
  });

/** The sample of an index. */
export const sampleAtQuery = (datasetId: string, index: number) =>
  queryOptions({
    queryKey: ['samples', datasetId, 'at', index],
    queryFn: ({ signal }) => sampleAt(datasetId, index, signal),
    staleTime: 5 * 60_000,
  });

export const sampleAt = (datasetId: string, index: number, signal?: AbortSignal) =>
  ok(
    api.GET('/api/datasets/{dataset}/samples/{sample}', {
      params: { path: { dataset: datasetId, sample: String(index) } },
      signal,
    }),
  );

/** A few samples that lie evenly over a dataset, so that they say what is in it. */
export const spreadSamplesQuery = (dataset: { id: string; sample_count: number }, most: number) =>
  queryOptions({
    queryKey: ['samples', dataset.id, 'spread', dataset.sample_count, most],
    queryFn: ({ signal }) =>
      Promise.all(
        spreadIndices(dataset.sample_count, most).map((index) => sampleAt(dataset.id, index, signal)),
      ),
    staleTime: Infinity,
  });

/** All samples that pass a filter, as the server finds them. */
export function membersOfFilter(datasetId: string, filter: Filter | undefined): Promise<Bitmap> {
  return queryMembers(datasetId, { filter: filter ?? {} });
}

/** The samples at some places of a row, however many. */
export function membersOfRow(row: SampleRow, first: number, last: number): Promise<Bitmap> {
  return queryMembers(row.datasetId, {
    filter: row.filter ?? {},
    sort: row.sort ?? { key: 'index', descending: false },
    offset: first,
    limit: last - first + 1,
  });
}

/** Asked without keeping anything on the server. */
async function queryMembers(datasetId: string, body: Schemas['MembersQuery']): Promise<Bitmap> {
  const bytes = await ok(
    api.POST('/api/datasets/{dataset}/samples:members', {
      params: { path: { dataset: datasetId } },
      body,
      parseAs: 'arrayBuffer',
    }),
  );
  return new Bitmap(new Uint8Array(bytes));
}

/** The members of a stored selection. */
export async function membersOfSelection(selectionId: string): Promise<Bitmap> {
  const { bytes } = await fetchBytes(`/api/selections/${selectionId}/members.bin`);
  return new Bitmap(new Uint8Array(bytes));
}
