import { queryOptions } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type Operation = Schemas['OperationDocument'];

/** What one did to the tags of a dataset, newest first. */
export const operationsQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['operations', datasetId],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/datasets/{dataset}/operations', { params: { path: { dataset: datasetId } }, signal })),
  });

export const undoOperation = (operation: string) =>
  ok(api.POST('/api/operations/{operation}:undo', { params: { path: { operation } } }));

export const redoOperation = (operation: string) =>
  ok(api.POST('/api/operations/{operation}:redo', { params: { path: { operation } } }));
