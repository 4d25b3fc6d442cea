import type { QueryClient } from '@tanstack/react-query';
import { sampleAtQuery } from '@/api/queries/samples';
import type { Bitmap } from '@/model/bitmap';
import type { Walk } from '@/model/walk';

/** The picked samples as a row to walk through, by their index; null if the one to begin with is not among them. */
export function pickedWalk(
  client: QueryClient,
  datasetId: string,
  picked: Bitmap,
  from: { id: string; index: number },
): Walk | null {
  if (!picked.has(from.index)) return null;
  const indices = Uint32Array.from(picked.indices());
  const positions = new Map([[from.id, indices.indexOf(from.index)]]);
  return {
    total: indices.length,
    positionOf: (sampleId) => positions.get(sampleId) ?? -1,
    sampleAt: async (position) => {
      const { id } = await client.fetchQuery(sampleAtQuery(datasetId, indices[position] ?? 0));
      positions.set(id, position);
      return id;
    },
  };
}
