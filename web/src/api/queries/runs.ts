import { queryOptions } from '@tanstack/react-query';
import { api, ok } from '../client';

/** States of runs that are not over. */
export const isUnderWay = (state: string): boolean =>
  !['COMPLETED', 'FAILED', 'CRASHED', 'ABORTED'].includes(state);

export const recentRunsQuery = queryOptions({
  queryKey: ['runs', 'recent'],
  queryFn: ({ signal }) => ok(api.GET('/api/runs', { params: { query: { limit: 50 } }, signal })),
});
