import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type Selector = Schemas['Selector'];

/** How many samples a selector means now, and how many images they are of. */
export const countSelection = (datasetId: string, selector: Selector, signal?: AbortSignal) =>
  ok(
    api.POST('/api/datasets/{dataset}/selections:count', {
      params: { path: { dataset: datasetId } },
      body: { selector },
      signal,
    }),
  );

/** The same as a question; `key` names what is counted. */
export const selectionCountQuery = (datasetId: string, key: unknown, selector: () => Selector) =>
  queryOptions({
    queryKey: ['samples', datasetId, 'count', key],
    queryFn: ({ signal }) => countSelection(datasetId, selector(), signal),
    placeholderData: keepPreviousData,
  });

/** Keep the samples of a selector on the server, so that links can name them. */
export const storeSelection = (datasetId: string, selector: Selector) =>
  ok(
    api.POST('/api/datasets/{dataset}/selections', {
      params: { path: { dataset: datasetId } },
      body: { selector },
    }),
  );

export const getSelection = (selection: string) =>
  ok(api.GET('/api/selections/{selection}', { params: { path: { selection } } }));
