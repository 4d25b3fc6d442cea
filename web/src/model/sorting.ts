/** Orders that samples can be shown in. */
import type { Sort } from './browsing';
import { metadataLabel, withScoresApart } from './scoreWords';

export interface SortOption {
  label: string;
  key: NonNullable<Sort['key']>;
  metadataKey?: string;
  /** What stands above it in a list. */
  group?: string;
  /** Which way round it is first: large things first, names from A. */
  descending: boolean;
}

const OF_BOTH: readonly SortOption[] = [
  { label: 'Order of arrival', key: 'index', descending: false },
  { label: 'File name', key: 'name', descending: false },
  { label: 'Time added', key: 'created', descending: true },
  { label: 'Area', key: 'area', descending: true },
];
const OF_CROPS: readonly SortOption[] = [
  { label: 'Score', key: 'score', descending: true },
  { label: 'Category', key: 'category', descending: false },
  { label: 'Image', key: 'parent', descending: false },
];
const OF_IMAGES: readonly SortOption[] = [
  { label: 'Number of objects', key: 'object_count', descending: true },
];

export function sortOptions(kind: string, metadataKeys: readonly string[]): SortOption[] {
  const { scores, others } = withScoresApart(metadataKeys.map((key) => ({ key })));
  return [
    ...OF_BOTH,
    ...(kind === 'crops' ? OF_CROPS : OF_IMAGES),
    ...scores.map(({ key }) => ofMetadata(key, metadataLabel(key, metadataKeys), 'Scores')),
    ...others.map(({ key }) => ofMetadata(key, key, 'Metadata')),
  ];
}

/** Of scores high ones come first: there is most to see. */
function ofMetadata(key: string, label: string, group: 'Scores' | 'Metadata'): SortOption {
  return { label, group, key: 'metadata', metadataKey: key, descending: group === 'Scores' };
}

/** Whether an order is that of an option, either way round. */
export function isSortedBy(sort: Sort | undefined, option: SortOption): boolean {
  return (sort?.key ?? 'index') === option.key && (sort?.metadata_key ?? undefined) === option.metadataKey;
}

/** The order of an option; undefined for the one that is there anyway. */
export function sortBy({ key, metadataKey, descending }: SortOption): Sort | undefined {
  if (key === 'index' && !descending) return undefined;
  return { key, descending, ...(metadataKey === undefined ? {} : { metadata_key: metadataKey }) };
}

/** The same order the other way round; undefined for the one that is there anyway. */
export function reversed(sort: Sort | undefined): Sort | undefined {
  const { key = 'index', descending = false } = sort ?? {};
  if (key === 'index' && descending) return undefined;
  return { ...sort, key, descending: !descending };
}
