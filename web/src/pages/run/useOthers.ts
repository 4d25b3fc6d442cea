import { useInfiniteQuery } from '@tanstack/react-query';
import { runsQuery, type Run } from '@/api/queries/runs';

/** Other runs of the same kind on the same dataset, newest first. */
export function useOthers(run: Run): readonly Run[] {
  const { data } = useInfiniteQuery(runsQuery([], run.image_dataset.id));
  return (data?.pages[0]?.items ?? []).filter(({ id, kind }) => id !== run.id && kind === run.kind);
}
