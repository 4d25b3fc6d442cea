import { queryOptions } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type View = Schemas['ViewDocument'];
export type ViewRule = Schemas['ViewRule'];

/** The saved views of a dataset, with how many samples pass each of them now. */
export const viewsQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['views', datasetId],
    queryFn: ({ signal }) =>
      ok(
        api.GET('/api/datasets/{dataset}/views', {
          params: { path: { dataset: datasetId }, query: { count: true } },
          signal,
        }),
      ),
  });

export const createView = (datasetId: string, name: string, rule: ViewRule) =>
  ok(
    api.POST('/api/datasets/{dataset}/views', {
      params: { path: { dataset: datasetId } },
      body: { name, rule },
    }),
  );

/** Give a view another name and rule. */
export const replaceView = (view: string, name: string, rule: ViewRule) =>
  ok(api.PUT('/api/views/{view}', { params: { path: { view } }, body: { name, rule } }));

export const deleteView = (view: string) =>
  ok(api.DELETE('/api/views/{view}', { params: { path: { view } } }));
