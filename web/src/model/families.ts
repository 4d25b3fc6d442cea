/** Datasets as people think of them: images together with the crops that were cut from them. */
import type { Schemas } from '@/api/client';

type Dataset = Schemas['DatasetSummary'];

export interface Family {
  /** The image dataset; of crops whose images one may not see, the crops. */
  head: Dataset;
  /** Crops datasets of the images. */
  crops: readonly Dataset[];
}

export type FamilyOrder = 'recent' | 'name' | 'size';

export function familiesOf(datasets: readonly Dataset[]): Family[] {
  const ids = new Set(datasets.map(({ id }) => id));
  return datasets
    .filter(({ parent_id }) => parent_id === null || !ids.has(parent_id))
    .map((head) => ({ head, crops: datasets.filter(({ parent_id }) => parent_id === head.id) }));
}

/** The families in which some dataset has the text in its name. */
export function foundFamilies(families: readonly Family[], text: string): Family[] {
  const wanted = text.trim().toLowerCase();
  return families.filter(({ head, crops }) =>
    [head, ...crops].some(({ name }) => name.toLowerCase().includes(wanted)),
  );
}

export function orderedFamilies(families: readonly Family[], order: FamilyOrder): Family[] {
  const byName = (a: Family, b: Family) => a.head.name.localeCompare(b.head.name);
  const rules: Record<FamilyOrder, (a: Family, b: Family) => number> = {
    recent: (a, b) => changedAt(b) - changedAt(a) || byName(a, b),
    name: byName,
    size: (a, b) => sizeOf(b) - sizeOf(a) || byName(a, b),
  };
  return [...families].sort(rules[order]);
}

function changedAt({ head, crops }: Family): number {
  return Math.max(head.modified_at, ...crops.map(({ modified_at }) => modified_at));
}

function sizeOf({ head, crops }: Family): number {
  return crops.reduce((sum, { sample_count }) => sum + sample_count, head.sample_count);
}
