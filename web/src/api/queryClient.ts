import { QueryClient } from '@tanstack/react-query';
import { ProblemError } from './client';

/** Answers of the server are asked for again once it tells that they have changed; see `events.ts`. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => isTemporary(error) && failures < 3,
      retryDelay: (failures) => Math.min(1000 * 2 ** failures, 5000),
    },
  },
});

/** Whether the same question may have another answer soon. */
function isTemporary(error: unknown): boolean {
  return !(error instanceof ProblemError) || error.status === 0 || error.status >= 500;
}
