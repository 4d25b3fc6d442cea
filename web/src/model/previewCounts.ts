/** What the filters of a run leave of the objects that a preview has seen, by the very rule of a run. */
import type { Schemas } from '@/api/client';

type Objects = Schemas['PreviewObjects'];
type Shown = Schemas['PreviewObject'];

export interface ObjectFilters {
  minScore: number | null;
  minSize: number | null;
  /** Ids of the categories that stay; null: all. */
  categoryIds: readonly number[] | null;
}

export interface Left {
  objects: number;
  /** Images with at least one of them. */
  images: number;
  /** Objects that stay, by category. */
  byCategory: ReadonlyMap<number, number>;
}

/** An object without a score passes no threshold; equal to the limit passes. */
export function countLeft(objects: Objects, { minScore, minSize, categoryIds }: ObjectFilters): Left {
  const wanted = categoryIds === null ? null : new Set(categoryIds);
  const images = new Set<number>();
  const byCategory = new Map<number, number>();
  let left = 0;
  objects.category_id.forEach((category, row) => {
    const score = objects.score[row] ?? null;
    if (wanted !== null && !wanted.has(category)) return;
    if (minScore !== null && (score === null || score < minScore)) return;
    if (minSize !== null && (objects.shorter_side[row] ?? 0) < minSize) return;
    left += 1;
    images.add(objects.image[row] ?? -1);
    byCategory.set(category, (byCategory.get(category) ?? 0) + 1);
  });
  return { objects: left, images: images.size, byCategory };
}

export function countByCategory(objects: Objects): ReadonlyMap<number, number> {
  return countLeft(objects, { minScore: null, minSize: null, categoryIds: null }).byCategory;
}

/** How values spread over bins of equal width; values beyond an end are in its bin. */
export function histogram(
  values: readonly (number | null)[],
  low: number,
  high: number,
  bins: number,
): { edges: number[]; counts: number[] } {
  const width = (high - low) / bins || 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    if (value === null) continue;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((value - low) / width)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { edges: Array.from({ length: bins + 1 }, (_, bin) => low + bin * width), counts };
}

/** The value that a share of all values does not exceed; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** What can be known of a whole place from the part that was looked at. */
export function scaled(seen: number, checked: number, listed: number): number {
  return checked === 0 ? 0 : Math.round((seen * Math.max(listed, checked)) / checked);
}

/** How many of `available` an amount means: `swath.core.selection.amounts.resolve_amount`. */
export function amountOf(
  { kind, value }: { kind: 'count' | 'share'; value: number },
  available: number,
): number {
  if (kind === 'count') return Math.min(available, Math.round(value));
  if (available === 0) return 0;
  return Math.min(available, Math.max(1, Math.floor(value * available + 0.5)));
}

/** Objects to look at that differ in category and size: of each category in turn the ones that spread over its sizes. */
export function varied(images: readonly { objects: readonly Shown[] }[], most: number): Shown[] {
  const byCategory = new Map<number, Shown[]>();
  for (const found of images.flatMap(({ objects }) => objects)) {
    if (found.crop_url === null || found.box === null) continue;
    const same = byCategory.get(found.category_id);
    if (same === undefined) byCategory.set(found.category_id, [found]);
    else same.push(found);
  }
  const rows = [...byCategory.values()]
    .sort((a, b) => b.length - a.length)
    .map((same) =>
      spread(
        [...same].sort((a, b) => area(b) - area(a)),
        most,
      ),
    );
  const picked: Shown[] = [];
  for (let turn = 0; picked.length < most && rows.some((row) => turn < row.length); turn += 1) {
    for (const row of rows) {
      const next = row[turn];
      if (next !== undefined && picked.length < most) picked.push(next);
    }
  }
  return picked;
}

function area({ box }: Shown): number {
  return box === null ? 0 : (box[2] - box[0]) * (box[3] - box[1]);
}

/** At most `most` of them, evenly apart. */
function spread<T>(values: readonly T[], most: number): T[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_, at) => values[Math.floor((at * values.length) / most)]).filter(
    (value) => value !== undefined,
  );
}
