import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type SampleDetails = Schemas['SampleDetails'];
export type Prediction = Schemas['PredictionDocument'];
export type Neighbor = Schemas['Neighbor'];

type NeighborList = Schemas['NeighborList'];

export const NEIGHBORS_SHOWN = 12;

/** One sample with everything around it. */
export const sampleQuery = (datasetId: string, sampleId: string) =>
  queryOptions({
    queryKey: ['samples', datasetId, 'one', sampleId],
    // The client's types forget how long tuples are.
    queryFn: async ({ signal }): Promise<SampleDetails> =>
      (await ok(
        api.GET('/api/samples/{sample}', { params: { path: { sample: sampleId } }, signal }),
      )) as SampleDetails,
    // Whoever walks along a row sees the last one until the next is there.
    placeholderData: keepPreviousData,
  });

/** The samples of its dataset nearest to a sample. */
export const neighborsQuery = (datasetId: string, sampleId: string) =>
  queryOptions({
    queryKey: ['samples', datasetId, 'neighbors', sampleId],
    queryFn: async ({ signal }): Promise<NeighborList> =>
      (await ok(
        api.GET('/api/samples/{sample}/neighbors', {
          params: { path: { sample: sampleId }, query: { k: NEIGHBORS_SHOWN } },
          signal,
        }),
      )) as NeighborList,
    placeholderData: keepPreviousData,
  });
