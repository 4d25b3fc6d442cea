/** Filters and orders in words, one line per thing that is asked for. */
import type { Schemas } from '@/api/client';
import type { Filter, Sort } from './browsing';
import { count, counted, dateTime, percent } from './format';
import { metadataInWords } from './scoreWords';

/** One thing that a filter asks for. Without its `fields` the filter asks for everything else. */
export interface FilterLine {
  fields: readonly (keyof Filter)[];
  text: string;
  /** Of a line about metadata: which of it. */
  metadataKey?: string;
}

/** A filter that no longer asks for one thing. */
export function withoutLine(filter: Filter, { fields, metadataKey }: FilterLine): Filter {
  const left = Object.fromEntries(
    Object.entries(filter).filter(([field]) => !fields.includes(field as keyof Filter)),
  ) as Filter;
  const metadata = (filter.metadata ?? []).filter(({ key }) => key !== metadataKey);
  return metadataKey === undefined || metadata.length === 0 ? left : { ...left, metadata };
}

/** How things are called that a filter knows by their ids. */
export interface Names {
  category?: (categoryId: number, task: string | null | undefined) => string | undefined;
  run?: (runId: string) => string | undefined;
}

/** How things of a dataset are called. */
export function namesIn(dataset: Pick<Schemas['DatasetDetails'], 'categories' | 'runs'>): Names {
  return {
    category: (categoryId, task) =>
      dataset.categories.find((one) => one.category_id === categoryId && (task == null || one.task === task))
        ?.name ?? undefined,
    run: (runId) => {
      const run = dataset.runs.find(({ id }) => id === runId);
      return run && `the run of ${dateTime(run.created_at)}`;
    },
  };
}

/** What a filter asks for, in the order in which people think of it. */
export function filterLines(filter: Filter, names: Names = {}): FilterLine[] {
  return [
    line(filter, ['categories'], ({ categories }) =>
      categories == null ? null : listed('category', 'no category', categories.map(categoryName(names))),
    ),
    ...RANGES.map(({ low, high, what, format }) =>
      line(filter, [low, high], (asked) =>
        rangeInWords(what, asked[low] as number | null, asked[high] as number | null, format),
      ),
    ),
    line(filter, ['stale'], ({ stale }) =>
      stale == null ? null : stale ? 'image has changed since' : 'image has not changed since',
    ),
    line(filter, ['tags'], ({ tags }) => (tags == null ? null : tagsInWords(tags))),
    line(filter, ['runs'], ({ runs }) =>
      runs == null ? null : listed('added by', 'added by no run', runs.map(runName(names))),
    ),
    line(filter, ['created_after', 'created_before'], createdInWords),
    line(filter, ['parents'], ({ parents }) =>
      parents == null ? null : `of ${counted(parents.length, 'image')}`,
    ),
    line(filter, ['file_name'], ({ file_name }) => (file_name == null ? null : `name has “${file_name}”`)),
    ...metadataLines(filter),
    line(filter, ['selection_id'], ({ selection_id }) =>
      selection_id == null ? null : 'in a stored selection',
    ),
  ].filter((found) => found !== null);
}

/** `category car or bus · score at least 0.5`; empty for a filter that asks for nothing. */
export function filterInWords(filter: Filter, names: Names = {}): string {
  return filterLines(filter, names)
    .map(({ text }) => text)
    .join(' · ');
}

const SORT_WORDS: Record<string, string> = {
  index: 'order of arrival',
  name: 'file name',
  score: 'score',
  area: 'area',
  width: 'width',
  height: 'height',
  category: 'category',
  created: 'time added',
  object_count: 'number of objects',
  parent: 'image',
  distance: 'distance',
};

/** `score, highest first`. */
export function sortInWords(sort: Sort | undefined): string {
  const key = sort?.key ?? 'index';
  if (key === 'distance') return sort?.descending ? 'least similar first' : 'most similar first';
  const what =
    key === 'metadata' ? metadataInWords(sort?.metadata_key ?? 'metadata') : (SORT_WORDS[key] ?? key);
  if (key === 'index') return sort?.descending ? 'newest first' : 'oldest first';
  if (key === 'created') return `${what}, ${sort?.descending ? 'newest' : 'oldest'} first`;
  if (key === 'name' || key === 'category' || key === 'parent') {
    return `${what}, ${sort?.descending ? 'Z to A' : 'A to Z'}`;
  }
  return `${what}, ${sort?.descending ? 'highest' : 'lowest'} first`;
}

/** `score 0.2 to 0.5`, `score at least 0.2`, `score at most 0.5`; null without ends. */
export function rangeInWords(
  what: string,
  low: number | null | undefined,
  high: number | null | undefined,
  format: (value: number) => string = plain,
): string | null {
  if (low != null && high != null)
    return `${what} ${low === high ? format(low) : `${format(low)} to ${format(high)}`}`;
  if (low != null) return `${what} at least ${format(low)}`;
  return high != null ? `${what} at most ${format(high)}` : null;
}

interface Range {
  low: keyof Filter;
  high: keyof Filter;
  what: string;
  format?: (value: number) => string;
}

const plain = (value: number): string =>
  Number.isInteger(value) ? count(value) : String(Math.round(value * 1000) / 1000);
const pixels = (value: number): string => `${count(value)} px`;

const RANGES: readonly Range[] = [
  { low: 'min_score', high: 'max_score', what: 'score' },
  { low: 'min_width', high: 'max_width', what: 'width', format: pixels },
  { low: 'min_height', high: 'max_height', what: 'height', format: pixels },
  { low: 'min_shorter_side', high: 'max_shorter_side', what: 'shorter side', format: pixels },
  { low: 'min_area', high: 'max_area', what: 'area', format: (value) => `${count(value)} px²` },
  {
    low: 'min_box_area',
    high: 'max_box_area',
    what: 'share of the image',
    format: (value) => percent(value, value > 0 && value < 0.01 ? 2 : value < 0.1 ? 1 : 0),
  },
  { low: 'min_aspect_ratio', high: 'max_aspect_ratio', what: 'width ÷ height' },
  { low: 'min_object_count', high: 'max_object_count', what: 'objects' },
];

function line(
  filter: Filter,
  fields: readonly (keyof Filter)[],
  inWords: (filter: Filter) => string | null,
): FilterLine | null {
  const text = inWords(filter);
  return text === null ? null : { fields, text };
}

function metadataLines(filter: Filter): FilterLine[] {
  return (filter.metadata ?? []).map(({ key, any_of, min, max }) => ({
    fields: ['metadata'],
    metadataKey: key,
    text:
      any_of == null
        ? (rangeInWords(metadataInWords(key), min, max) ?? key)
        : listed(`${key}:`, `${key}: nothing`, any_of.map(valueInWords)),
  }));
}

const valueInWords = (value: string | boolean): string =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : value;

type Category = NonNullable<Filter['categories']>[number];

const categoryName =
  ({ category: nameOf }: Names) =>
  (category: Category): string =>
    typeof category === 'string'
      ? category
      : (nameOf?.(category.category_id, category.task) ?? `number ${category.category_id}`);

const runName =
  ({ run: nameOf }: Names) =>
  (runId: string): string =>
    nameOf?.(runId) ?? `run ${runId.slice(0, 8)}`;

function tagsInWords({ any_of, all_of = [], none_of = [] }: NonNullable<Filter['tags']>): string | null {
  const parts = [
    any_of == null ? null : listed('tagged', 'in no tag at all', any_of),
    all_of.length === 0 ? null : `tagged ${joined(all_of, 'and')}`,
    none_of.length === 0 ? null : `not tagged ${joined(none_of, 'or')}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(', ');
}

function createdInWords({ created_after, created_before }: Filter): string | null {
  const day = (time: number) =>
    new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
  if (created_after != null && created_before != null) {
    return `added between ${day(created_after)} and ${day(created_before)}`;
  }
  if (created_after != null) return `added since ${day(created_after)}`;
  return created_before != null ? `added until ${day(created_before)}` : null;
}

/** Most names that are told one by one. */
const MOST_NAMED = 4;

function listed(before: string, ofNone: string, all: readonly string[]): string {
  return all.length === 0 ? ofNone : `${before} ${joined(all, 'or')}`;
}

function joined(all: readonly string[], word: 'and' | 'or'): string {
  if (all.length > MOST_NAMED) {
    const named = all.slice(0, MOST_NAMED - 1);
    return `${named.join(', ')} ${word} ${all.length - named.length} more`;
  }
  const last = all[all.length - 1] ?? '';
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} ${word} ${last}`;
}
