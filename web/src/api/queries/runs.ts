import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ok, type Schemas } from '../client';

export type Run = Schemas['RunDocument'];
export type RunProgress = Schemas['Progress'];
export type RunRequest = Schemas['RunRequest'];
export type SelectionRequest = Schemas['SelectionRunRequest'];
export type RunState = Schemas['RunState'];
export type RunResult = Schemas['RunResult'] | Schemas['SelectionRunResult'] | Schemas['ProjectionRunResult'];
export type SelectionResult = Schemas['SelectionRunResult'];
export type Finding = Schemas['FindingDocument'];
export type LogLine = Schemas['LogLineDocument'];

/** States of runs that are not over. */
export const isUnderWay = (state: string): boolean =>
  !['COMPLETED', 'FAILED', 'CRASHED', 'ABORTED'].includes(state);

export const recentRunsQuery = queryOptions({
  queryKey: ['runs', 'recent'],
  queryFn: ({ signal }) => ok(api.GET('/api/runs', { params: { query: { limit: 50 } }, signal })),
});

const LATEST_RUNS = 5;

/** The newest runs that add to a dataset, choose among its samples or lay out its maps. */
export const latestRunsQuery = (dataset: string) =>
  queryOptions({
    queryKey: ['runs', 'latest', dataset],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/runs', { params: { query: { dataset, limit: LATEST_RUNS } }, signal })),
  });

const RUNS_OF_A_PAGE = 100;

/** Runs in any of these states (all, if there are none), on a dataset or everywhere, newest first. */
export const runsQuery = (states: readonly RunState[], dataset: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['runs', 'list', states, dataset ?? null],
    queryFn: ({ pageParam, signal }) =>
      ok(
        api.GET('/api/runs', {
          params: {
            query: {
              state: states.length > 0 ? [...states] : undefined,
              dataset,
              offset: pageParam,
              limit: RUNS_OF_A_PAGE,
            },
          },
          signal,
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const loaded = pages.reduce((sum, page) => sum + page.items.length, 0);
      return last.items.length > 0 && loaded < last.total ? loaded : undefined;
    },
  });

/** Events tell of all that happens to a run; this is for those that got lost. */
const ASK_AGAIN_MS = 5000;

export const runQuery = (run: string) =>
  queryOptions({
    queryKey: ['runs', run, 'document'],
    queryFn: ({ signal }) => ok(api.GET('/api/runs/{run}', { params: { path: { run } }, signal })),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isUnderWay(state.data.state) ? ASK_AGAIN_MS : false,
  });

/** What a run that is over did. */
export const resultQuery = (run: string) =>
  queryOptions({
    queryKey: ['results', run],
    queryFn: async ({ signal }): Promise<RunResult> =>
      ok(api.GET('/api/runs/{run}/result', { params: { path: { run } }, signal })),
    staleTime: Infinity,
  });

export const artifactsQuery = (run: string) =>
  queryOptions({
    queryKey: ['runs', run, 'artifacts'],
    queryFn: ({ signal }) => ok(api.GET('/api/runs/{run}/artifacts', { params: { path: { run } }, signal })),
  });

const LINES_OF_A_PAGE = 1000;

/** All lines of a run's log so far. What is known stays; only what came after it is asked for. */
export const logQuery = (run: string) =>
  queryOptions({
    queryKey: ['runs', run, 'log'],
    queryFn: async ({ client, signal, queryKey }): Promise<readonly LogLine[]> => {
      const known = client.getQueryData<readonly LogLine[]>(queryKey) ?? [];
      const added: LogLine[] = [];
      for (;;) {
        const after = (added.at(-1) ?? known.at(-1))?.number ?? -1;
        const page = await ok(
          api.GET('/api/runs/{run}/log', {
            params: { path: { run }, query: { after, limit: LINES_OF_A_PAGE } },
            signal,
          }),
        );
        added.push(...page.items);
        if (page.items.length < LINES_OF_A_PAGE) break;
      }
      return added.length === 0 ? known : [...known, ...added];
    },
    structuralSharing: false,
  });

const on = (run: string) => ({ params: { path: { run } } });

export function useCancelRun() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (run: string) => ok(api.POST('/api/runs/{run}:cancel', on(run))),
    onSuccess: () => client.invalidateQueries({ queryKey: ['runs'] }),
  });
}

/** Ask for the same again; the answer is the new run. */
export function useRetryRun() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (run: string) => ok(api.POST('/api/runs/{run}:retry', on(run))),
    onSuccess: () => client.invalidateQueries({ queryKey: ['runs'] }),
  });
}

export function useCreateRun() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: RunRequest) => ok(api.POST('/api/runs', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['runs'] }),
  });
}

/** Ask for a run that chooses among samples: for good, or dry, which only says what would be chosen. */
export function useCreateSelection() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ request, isDry }: { request: SelectionRequest; isDry: boolean }) =>
      ok(
        isDry
          ? api.POST('/api/runs:dry_run', { body: request })
          : api.POST('/api/runs:select', { body: request }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['runs'] }),
  });
}
