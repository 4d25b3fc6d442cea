/** Changing what a filter asks for, one thing at a time. */
import type { Schemas } from '@/api/client';
import { tidied, type Filter } from './browsing';
import type { Range } from './ranges';

export type Category = NonNullable<Filter['categories']>[number];
export type TagCondition = NonNullable<Filter['tags']>;
export type MetadataCondition = NonNullable<Filter['metadata']>[number];
type CategoryFacet = Schemas['CategoryFacet'];

/** A filter with some of its lines replaced; undefined once it asks for nothing. */
export function changed(filter: Filter | undefined, lines: Partial<Filter>): Filter | undefined {
  return tidied({ ...filter, ...lines });
}

/** A list with something in it that was not, or without it if it was; null instead of an empty one. */
export function toggled<Value>(list: readonly Value[] | null | undefined, value: Value): Value[] | null {
  const held = list ?? [];
  const next = held.includes(value) ? held.filter((one) => one !== value) : [...held, value];
  return next.length === 0 ? null : next;
}

/** How a filter tells a category: by name, unless it has none or several have the same. */
export function categoryKey(category: CategoryFacet, all: readonly CategoryFacet[]): Category {
  const isAlone = all.filter(({ name }) => name === category.name).length === 1;
  if (category.name !== null && isAlone) return category.name;
  return { category_id: category.category_id, task: category.task };
}

/** Whether a filter names a category. */
export function isNamed(
  category: CategoryFacet,
  categories: readonly Category[] | null | undefined,
): boolean {
  return (categories ?? []).some((one) => meansCategory(one, category));
}

export function meansCategory(
  asked: Category,
  category: { category_id: number; name: string | null; task: string },
): boolean {
  if (typeof asked === 'string') return asked === category.name;
  const isOfTask = asked.task === null || asked.task === undefined || asked.task === category.task;
  return isOfTask && asked.category_id === category.category_id;
}

/** What tags a filter wants and does not want. */
export interface TagChoice {
  included: readonly string[];
  excluded: readonly string[];
  /** Whether samples must be in all of those that are wanted, or in any. */
  mode: 'any' | 'all';
}

export function tagChoice(tags: TagCondition | null | undefined): TagChoice {
  const all = tags?.all_of ?? [];
  const any = tags?.any_of ?? [];
  return {
    included: [...any, ...all],
    excluded: tags?.none_of ?? [],
    mode: all.length > 0 ? 'all' : 'any',
  };
}

export function tagCondition({ included, excluded, mode }: TagChoice): TagCondition | null {
  if (included.length === 0 && excluded.length === 0) return null;
  return {
    ...(included.length === 0 ? {} : mode === 'all' ? { all_of: [...included] } : { any_of: [...included] }),
    ...(excluded.length === 0 ? {} : { none_of: [...excluded] }),
  };
}

export function metadataOf(filter: Filter | undefined, key: string): MetadataCondition | undefined {
  return filter?.metadata?.find((condition) => condition.key === key);
}

/** The conditions of a filter on metadata with those on one key replaced; undefined without any. */
export function withMetadata(
  filter: Filter | undefined,
  key: string,
  condition: { any_of: (string | boolean)[] | null } | { range: Range },
): MetadataCondition[] | undefined {
  const others = (filter?.metadata ?? []).filter((one) => one.key !== key);
  const own = 'range' in condition ? ofRange(key, condition.range) : ofValues(key, condition.any_of);
  const next = own === null ? others : [...others, own];
  return next.length === 0 ? undefined : next;
}

function ofRange(key: string, [min, max]: Range): MetadataCondition | null {
  if (min === null && max === null) return null;
  return { key, ...(min === null ? {} : { min }), ...(max === null ? {} : { max }) };
}

function ofValues(key: string, values: (string | boolean)[] | null): MetadataCondition | null {
  return values === null ? null : { key, any_of: values };
}
