import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type Worker = Schemas['WorkerDocument'];

/** A worker that is gone says nothing, and no event tells of it: ask now and then. */
const ASK_AGAIN_MS = 15_000;

export const workersQuery = queryOptions({
  queryKey: ['workers', 'list'],
  queryFn: ({ signal }) => ok(api.GET('/api/workers', { signal })),
  refetchInterval: ASK_AGAIN_MS,
});

/** Let a worker take no new run, or take runs again. */
export function useDrain() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ worker, isDraining }: { worker: string; isDraining: boolean }) =>
      ok(
        api.PATCH('/api/workers/{worker}', {
          params: { path: { worker } },
          body: { is_draining: isDraining },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['workers'] }),
  });
}

export function useForget() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (worker: string) => ok(api.DELETE('/api/workers/{worker}', { params: { path: { worker } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['workers'] }),
  });
}
