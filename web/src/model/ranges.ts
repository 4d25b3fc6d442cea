/** Ranges of values as two handles on the edges of a histogram. */
import { count } from './format';

export interface Bins {
  /** One more than counts. */
  edges: readonly number[];
  counts: readonly number[];
}

/** The ends of a range, both included; null: as far as there is anything. */
export type Range = readonly [number | null, number | null];

/** The numbers of the two edges that a range goes from and to. */
export type Handles = [number, number];

/** The first bin that holds something and the one after the last; everything where nothing does. */
export function filledBins(counts: readonly number[]): [number, number] {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return [0, counts.length];
  return [first, counts.findLastIndex((count) => count > 0) + 1];
}

/** Some of the bins. */
export function cut({ edges, counts }: Bins, [first, end]: [number, number]): Bins {
  return { edges: edges.slice(first, end + 1), counts: counts.slice(first, end) };
}

/** Whether there is anything to choose by a range: values in more than one bin. */
export function isSpread(counts: readonly number[]): boolean {
  const [first, end] = filledBins(counts);
  return end - first > 1;
}

/** Where the handles stand for a range: at the nearest edges, and never on each other. */
export function handlesOf([low, high]: Range, edges: readonly number[], isWhole: boolean): Handles {
  const last = edges.length - 1;
  const from = low === null ? 0 : nearest(edges, low);
  // A range of whole numbers ends before the edge where the next bin begins.
  const to = high === null ? last : nearest(edges, isWhole ? high + 1 : high);
  if (from < to) return [from, to];
  return from >= last ? [last - 1, last] : [from, from + 1];
}

/** The range between two handles. One that stands at an end of the bins lets everything beyond pass. */
export function rangeOf(
  [from, to]: Handles,
  edges: readonly number[],
  isWhole: boolean,
): [number | null, number | null] {
  const low = from <= 0 ? null : (edges[from] ?? null);
  const high = to >= edges.length - 1 ? null : (edges[to] ?? null);
  return [low, high === null || !isWhole ? high : high - 1];
}

function nearest(edges: readonly number[], value: number): number {
  let best = 0;
  edges.forEach((edge, at) => {
    if (Math.abs(edge - value) < Math.abs((edges[best] ?? 0) - value)) best = at;
  });
  return best;
}

/** A whole number as it is, any other with at most three digits that matter. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value)) return count(value);
  if (Math.abs(value) < 0.001) return value.toExponential(0).replace('e-', 'e−');
  return String(Number(value.toPrecision(3)));
}
