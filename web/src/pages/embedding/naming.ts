/** What points can be coloured by, in words. */
import type { Schemas } from '@/api/client';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Projection } from '@/api/queries/projections';
import { dateTime } from '@/model/format';
import { metadataLabel, withScoresApart } from '@/model/scoreWords';
import { DENSITY, PICKED_COLUMN, type Naming } from '@/scatter/columns';

type MetadataFacet = Pick<Schemas['MetadataFacet'], 'key' | 'kind'>;
type Named = Pick<DatasetDetails, 'kind' | 'categories' | 'runs' | 'tags'>;

const TAG = 'tag:';
const SELECTION = 'selection:';
const METADATA = 'metadata:';

const TITLES: Record<string, string> = {
  category: 'Category',
  score: 'Score',
  run: 'Run',
  stale: 'Stale',
  object_count: 'Objects per image',
  [DENSITY]: 'Density',
  [PICKED_COLUMN]: 'Picked',
};

export const usualColumn = (kind: string): string => (kind === 'crops' ? 'category' : 'object_count');

export function columnTitle(
  name: string,
  dataset: Pick<Named, 'tags'>,
  metadataKeys: readonly string[] = [],
): string {
  if (name.startsWith(TAG)) {
    const id = name.slice(TAG.length);
    return dataset.tags.find((tag) => tag.id === id || tag.name === id)?.name ?? id;
  }
  if (name.startsWith(SELECTION)) return 'Stored selection';
  if (name.startsWith(METADATA)) return metadataLabel(name.slice(METADATA.length), metadataKeys);
  return TITLES[name] ?? name;
}

export interface ColumnGroup {
  group: string;
  items: { value: string; label: string }[];
}

/** All that points can be coloured by, in groups; `current` is among them even if it is a stored selection. */
export function columnChoices(
  projection: Pick<Projection, 'columns'>,
  dataset: Named,
  metadata: readonly MetadataFacet[],
  current: string,
): ColumnGroup[] {
  const tags = projection.columns.filter((name) => name.startsWith(TAG));
  const fields = projection.columns.filter((name) => !name.includes(':'));
  const keys = new Set([
    ...projection.columns.filter((name) => name.startsWith(METADATA)),
    ...metadata.map(({ key }) => METADATA + key),
  ]);
  const metadataKeys = [...keys].map((name) => name.slice(METADATA.length));
  const choice = (value: string) => ({ value, label: columnTitle(value, dataset, metadataKeys) });
  const { scores, others } = withScoresApart(metadataKeys.map((key) => ({ key })));
  const named = ({ key }: { key: string }) => choice(METADATA + key);
  const own = [DENSITY, PICKED_COLUMN, ...(current.startsWith(SELECTION) ? [current] : [])];
  return [
    { group: dataset.kind === 'crops' ? 'Objects' : 'Images', items: fields.map(choice) },
    { group: 'Map', items: own.map(choice) },
    { group: 'Tags', items: tags.map(choice) },
    { group: 'Scores', items: scores.map(named) },
    { group: 'Metadata', items: others.map(named) },
  ].filter(({ items }) => items.length > 0);
}

/** How the labels of a column are read and coloured. */
export function namingOf(name: string, dataset: Named, metadata: readonly MetadataFacet[]): Naming {
  if (name === 'category') {
    const ids = new Map(dataset.categories.map((category) => [category.name, category.category_id]));
    return {
      kind: 'labels',
      numberOf: (label) => ids.get(label) ?? (/^-?\d+$/.test(label) ? Number(label) : undefined),
      titleOf: (label) => (ids.has(label) ? label : `category ${label}`),
    };
  }
  if (name === 'run') {
    const starts = new Map(dataset.runs.map((run) => [run.id, run.created_at]));
    const titleOf = (id: string) => {
      const start = starts.get(id);
      return start === undefined ? id : dateTime(start);
    };
    return { kind: 'labels', titleOf };
  }
  if (name === 'score' || name === 'object_count') return { kind: 'scale' };
  if (name === 'stale' || name.startsWith(TAG) || name.startsWith(SELECTION)) {
    return { kind: 'flag', titleOf: (label) => FLAG_WORDS[label] ?? label };
  }
  const facet = metadata.find(({ key }) => name === METADATA + key);
  return { kind: facet?.kind === 'number' ? 'scale' : 'labels' };
}

const FLAG_WORDS: Record<string, string> = {
  yes: 'In it',
  no: 'Not in it',
  'as its image is': 'As its image is',
  stale: 'Image has changed since',
};
