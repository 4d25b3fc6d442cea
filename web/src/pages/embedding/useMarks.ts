import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { MapPoints } from '@/api/points';
import { neighborIndicesQuery } from '@/api/queries/projections';
import { sampleQuery } from '@/api/queries/sample';
import type { Mark } from '@/scatter/Scatter';

/** The points to put rings around: of the sample in focus, of the reference and of what is most similar to it. */
export function useMarks(
  datasetId: string,
  points: MapPoints | undefined,
  focus: string | undefined,
  reference: string | undefined,
): { marks: readonly Mark[]; focused: number | null } {
  const focusIndex = useIndexOf(datasetId, focus);
  const referenceIndex = useIndexOf(datasetId, reference);
  const neighbors = useQuery({
    ...neighborIndicesQuery(datasetId, reference ?? ''),
    enabled: reference !== undefined,
  });
  const similar = reference === undefined ? undefined : neighbors.data;
  return useMemo(() => {
    const pointOf = (index: number | undefined) => {
      const point = index === undefined ? undefined : points?.pointOf[index];
      return point === undefined || point < 0 ? null : point;
    };
    const marks: Mark[] = [];
    for (const index of similar ?? []) {
      const point = pointOf(index);
      if (point !== null) marks.push({ kind: 'neighbor', point });
    }
    const focused = pointOf(focusIndex);
    for (const point of new Set([pointOf(referenceIndex), focused])) {
      if (point !== null) marks.push({ kind: 'focus', point });
    }
    return { marks, focused };
  }, [points, focusIndex, referenceIndex, similar]);
}

/** The index of a sample in its dataset; undefined until it is known, or if it is of another one. */
function useIndexOf(datasetId: string, sampleId: string | undefined): number | undefined {
  const { data } = useQuery({ ...sampleQuery(datasetId, sampleId ?? ''), enabled: sampleId !== undefined });
  return data !== undefined && data.id === sampleId && data.dataset_id === datasetId ? data.index : undefined;
}
