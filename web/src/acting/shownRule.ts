import { useSearch } from '@tanstack/react-router';
import { membersOfFilter } from '@/api/queries/samples';
import { countSelection } from '@/api/queries/selections';
import type { Bitmap } from '@/model/bitmap';
import type { Filter, Sort } from '@/model/browsing';

/** Filter and order of the page in view. */
export interface ShownRule {
  filter: Filter;
  sort?: Sort;
}

export function useShownRule(): ShownRule {
  const { q, sort } = useSearch({ strict: false });
  return { filter: q ?? {}, sort };
}

/** The rule of the page if it lets pass exactly the picked samples, else null. */
export async function ruleBehind(
  datasetId: string,
  members: Bitmap,
  shown: ShownRule,
): Promise<ShownRule | null> {
  const all = await countSelection(datasetId, { all_of: [{ filter: shown.filter }], except_ids: [] });
  if (all.count !== members.count) return null;
  return (await membersOfFilter(datasetId, shown.filter)).equals(members) ? shown : null;
}
