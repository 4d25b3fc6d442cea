/** Histograms of what all samples are asked for: in words, without empty ends, and what a bin asks for as a filter. */
import type { Schemas } from '@/api/client';
import { count } from './format';

export type HistogramName = Schemas['HistogramName'];
type Histogram = Schemas['HistogramDocument'];
type Filter = Schemas['FilterDocument'];

const shares = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;

export const HISTOGRAM_WORDS: Record<HistogramName, { title: string; format: (edge: number) => string }> = {
  shorter_side: { title: 'Shorter side', format: (edge) => `${count(Math.round(edge))} px` },
  aspect_ratio: { title: 'Width divided by height', format: (edge) => String(Number(edge.toPrecision(2))) },
  box_area: { title: 'Share of the image', format: shares },
  score: { title: 'Score', format: (edge) => edge.toFixed(2) },
  object_count: { title: 'Objects per image', format: (edge) => count(edge) },
};

/** Without the empty bins at both ends. Null if nothing is in any bin. */
export function trimmed({ edges, counts }: Pick<Histogram, 'edges' | 'counts'>): {
  edges: number[];
  counts: number[];
} | null {
  const first = counts.findIndex((bin) => bin > 0);
  if (first < 0) return null;
  const last = counts.findLastIndex((bin) => bin > 0);
  return { edges: edges.slice(first, last + 2), counts: counts.slice(first, last + 1) };
}

/** The ends of ranges, which belong to the range; numbers that are whole are asked for as such. */
const FIELDS: Record<HistogramName, { min: keyof Filter; max: keyof Filter; isWhole: boolean }> = {
  shorter_side: { min: 'min_shorter_side', max: 'max_shorter_side', isWhole: true },
  aspect_ratio: { min: 'min_aspect_ratio', max: 'max_aspect_ratio', isWhole: false },
  box_area: { min: 'min_box_area', max: 'max_box_area', isWhole: false },
  score: { min: 'min_score', max: 'max_score', isWhole: false },
  object_count: { min: 'min_object_count', max: 'max_object_count', isWhole: true },
};

/** A filter for what lies in the bin from `low` to `high` of a histogram; its end bins hold what is beyond them, too. */
export function binFilter(
  { name, edges }: Pick<Histogram, 'name' | 'edges'>,
  low: number,
  high: number,
): Filter {
  const { min, max, isWhole } = FIELDS[name];
  const filter: Record<string, number> = {};
  if (low !== edges[0]) filter[min] = isWhole ? Math.ceil(low) : low;
  if (high !== edges[edges.length - 1]) filter[max] = isWhole ? Math.ceil(high) - 1 : high;
  return filter as Filter;
}
