import { queryOptions } from '@tanstack/react-query';
import { api, ok } from '../client';

export const workersQuery = queryOptions({
  queryKey: ['workers', 'list'],
  queryFn: ({ signal }) => ok(api.GET('/api/workers', { signal })),
});
