import { keepPreviousData, queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type Export = Schemas['ExportDocument'];
export type ExportFormat = Schemas['ExportFormat'];
export type ExportOptions = Schemas['ExportOptions'];
export type NewExport = Schemas['NewExport'];
export type ExportPreview = Schemas['ExportPreview'];

/** Events tell when a file is there; this is for those that got lost. */
const ASK_AGAIN_MS = 3000;

export const exportsQuery = (dataset: string) =>
  queryOptions({
    queryKey: ['exports', dataset],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/datasets/{dataset}/exports', { params: { path: { dataset } }, signal })),
    refetchInterval: ({ state }) =>
      state.data?.items.some((one) => one.state === 'PENDING') ? ASK_AGAIN_MS : false,
  });

/** What the file of an export would begin with. What was shown before stays until it is there. */
export function useExportPreview(dataset: string, body: NewExport) {
  return useQuery({
    queryKey: ['export-previews', dataset, body],
    queryFn: ({ signal }) =>
      ok(
        api.POST('/api/datasets/{dataset}/exports:preview', { params: { path: { dataset } }, body, signal }),
      ),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export function useCreateExport(dataset: string) {
  return useMutation({
    mutationFn: (body: NewExport) =>
      ok(api.POST('/api/datasets/{dataset}/exports', { params: { path: { dataset } }, body })),
  });
}

export function useDeleteExport() {
  return useMutation({
    mutationFn: (id: string) => ok(api.DELETE('/api/exports/{export}', { params: { path: { export: id } } })),
  });
}
