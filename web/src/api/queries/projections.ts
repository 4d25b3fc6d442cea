import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { Bitmap } from '@/model/bitmap';
import type { Filter } from '@/model/browsing';
import { selectorOf } from '@/model/selection';
import { api, ok, type Schemas } from '../client';
import { fetchCodes, fetchPoints } from '../points';
import { membersOfFilter } from './samples';
import { storeSelection } from './selections';

export type Projection = Schemas['ProjectionDocument'];
export type ProjectionMethod = Schemas['ProjectionMethod'];
export type MapParameters = Schemas['MapParameters'];
export type Legend = Schemas['LegendDocument'];

/** Events tell of maps that are ready; this is for those that got lost while one is made. */
const ASK_AGAIN_MS = 5000;

export const projectionsQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['projections', datasetId],
    queryFn: ({ signal }) =>
      ok(
        api.GET('/api/datasets/{dataset}/projections', { params: { path: { dataset: datasetId } }, signal }),
      ),
    refetchInterval: ({ state }) =>
      state.data?.items.some((projection) => projection.state === 'PENDING') ? ASK_AGAIN_MS : false,
  });

/** The points of one version of a map never change; they are large, so they go soon after nobody looks. */
export const pointsQuery = ({ id, version, points_url }: Projection) =>
  queryOptions({
    queryKey: ['points', id, version],
    queryFn: ({ signal }) => fetchPoints(points_url ?? '', signal),
    enabled: points_url !== null,
    staleTime: Infinity,
    gcTime: 60_000,
    structuralSharing: false,
  });

/** What the codes of a column stand for. Tags and runs change what they are, so events make it old. */
export const legendQuery = (projection: Projection, column: string) =>
  queryOptions({
    queryKey: ['samples', projection.dataset_id, 'legend', projection.id, projection.version, column],
    queryFn: ({ signal }) =>
      ok(
        api.GET('/api/projections/{projection}/columns/{name}', {
          params: { path: { projection: projection.id, name: column } },
          signal,
        }),
      ),
  });

export const codesQuery = (legend: Legend) =>
  queryOptions({
    queryKey: ['codes', legend.url],
    queryFn: ({ signal }) => fetchCodes(legend.url, signal),
    staleTime: Infinity,
    gcTime: 60_000,
    structuralSharing: false,
  });

/** The samples that pass a filter, as a bitmap. */
export const filterMembersQuery = (datasetId: string, filter: Filter | undefined) =>
  queryOptions({
    queryKey: ['samples', datasetId, 'members', filter ?? {}],
    queryFn: () => membersOfFilter(datasetId, filter),
    enabled: filter !== undefined,
    structuralSharing: false,
  });

/** How many neighbours are marked on a map. */
const NEIGHBORS_MARKED = 48;

/** The indices of the samples nearest to a sample. */
export const neighborIndicesQuery = (datasetId: string, sampleId: string) =>
  queryOptions({
    queryKey: ['samples', datasetId, 'neighbor indices', sampleId],
    queryFn: async ({ signal }) => {
      const { items } = await ok(
        api.GET('/api/samples/{sample}/neighbors', {
          params: { path: { sample: sampleId }, query: { k: NEIGHBORS_MARKED } },
          signal,
        }),
      );
      return items.map(({ sample }) => sample.index);
    },
  });

export interface MapRequest {
  method: ProjectionMethod;
  parameters: MapParameters;
}

/** Ask for a map by another method, or for one anew. */
export function useCreateProjection(datasetId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ method, parameters }: MapRequest) =>
      ok(
        api.POST('/api/datasets/{dataset}/projections', {
          params: { path: { dataset: datasetId } },
          body: { method, parameters, priority: 0, runs_on: [] },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['projections', datasetId] }),
  });
}

/** Put the samples that are missing onto a map. */
export function useExtendProjection(datasetId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (projection: string) =>
      ok(api.POST('/api/projections/{projection}:extend', { params: { path: { projection } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['projections', datasetId] }),
  });
}

export function useDeleteProjection(datasetId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (projection: string) =>
      ok(api.DELETE('/api/projections/{projection}', { params: { path: { projection } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['projections', datasetId] }),
  });
}

/** Picked samples as a stored selection, which a grid can filter by. */
export const storedPicksQuery = (datasetId: string, picked: Bitmap) =>
  queryOptions({
    queryKey: ['selections', datasetId, picked.toBase64()],
    queryFn: () => storeSelection(datasetId, selectorOf(picked)),
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  });
