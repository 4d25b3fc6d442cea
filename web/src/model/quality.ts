/** How good a selection is, beside random ones of the same size. */
import type { Schemas } from '@/api/client';
import { count, percent } from './format';

type Quality = Schemas['SelectionQuality'];
type BesideRandom = Schemas['BesideRandom'];

export interface Figure {
  name: string;
  about: string;
  selected: number;
  random: number;
  /** The end of the scale, for bars. */
  most: number;
  isBetter: 'lower' | 'higher';
  format: (value: number) => string;
}

const distance = (value: number): string => value.toFixed(3);
const few = (value: number): string =>
  Number.isInteger(value) ? count(value) : count(Math.round(value * 10) / 10);

/** The figures that were measured, the worst of the worst first. */
export function figuresOf(quality: Quality): Figure[] {
  const { cover_radius, mean_distance, categories_covered, categories_available = 0 } = quality;
  return [
    ofDistance('Cover radius', 'From what is worst covered to the nearest that was selected', cover_radius),
    ofDistance('Mean distance', 'From anything to the nearest that was selected', mean_distance),
    categories_covered == null || categories_available === 0
      ? null
      : {
          name: 'Categories',
          about: `Of ${count(categories_available)} that there are`,
          ...categories_covered,
          most: categories_available,
          isBetter: 'higher' as const,
          format: few,
        },
  ].filter((figure) => figure !== null);
}

function ofDistance(name: string, about: string, measured: BesideRandom | null | undefined): Figure | null {
  if (measured == null) return null;
  const most = Math.max(measured.selected, measured.random) || 1;
  return { name, about, ...measured, most, isBetter: 'lower', format: distance };
}

/** Differences below this are none that anybody would notice. */
const SAME = 0.01;

/** What the figures come to, in a sentence. */
export function qualityInWords(quality: Quality): string {
  const said = [
    compared(quality.cover_radius, (change) => `the worst gap is ${change}`),
    compared(quality.mean_distance, (change) => `distances are ${change} on average`),
  ].filter((part) => part !== null);
  const { categories_covered: covered, categories_available: all = 0 } = quality;
  const categories = covered == null || all === 0 ? '' : ` ${coveredInWords(covered, all)}`;
  const distances = said.length === 0 ? '' : `Beside a random selection of this size ${said.join(' and ')}.`;
  return `${distances}${categories}`.trim();
}

function coveredInWords({ selected, random }: BesideRandom, all: number): string {
  return selected === all && few(random) === few(all)
    ? `Both have ${all === 1 ? 'the one category' : `all ${count(all)} categories`}.`
    : `It has ${count(selected)} of ${count(all)} categories, a random one ${few(random)}.`;
}

function compared(
  measured: BesideRandom | null | undefined,
  inWords: (change: string) => string,
): string | null {
  if (measured == null || measured.random === 0) return null;
  const change = measured.selected / measured.random - 1;
  if (Math.abs(change) < SAME) return inWords('the same');
  return inWords(`${percent(Math.abs(change))} ${change < 0 ? 'smaller' : 'larger'}`);
}

export interface TargetRow {
  category: string;
  wanted: number;
  reached: number;
  available: number;
  isReached: boolean;
}

/** A share this near to the one that was wanted is the one that was wanted. */
const NEAR = 0.01;

/** The shares of every balance: what was missed by most first. */
export function targetGroups(quality: Quality): TargetRow[][] {
  const groups = new Map<number, TargetRow[]>();
  for (const { strategy, ...target } of quality.targets ?? []) {
    const row = { ...target, isReached: Math.abs(target.reached - target.wanted) <= NEAR };
    groups.set(strategy, [...(groups.get(strategy) ?? []), row]);
  }
  return [...groups.values()].map((rows) =>
    rows.sort((a, b) => missed(b) - missed(a) || b.wanted - a.wanted || b.available - a.available),
  );
}

/** To the percent that one sees. */
const missed = ({ wanted, reached }: TargetRow): number => Math.round(Math.abs(wanted - reached) * 1000);

export function targetsInWords(rows: readonly TargetRow[]): string {
  const short = rows.filter(({ isReached, reached, wanted }) => !isReached && reached < wanted).length;
  const far = rows.filter(({ isReached }) => !isReached).length;
  if (far === 0) return 'All shares are as wanted, to within a percent.';
  const missed = `${count(far)} of ${count(rows.length)} shares are not as wanted`;
  return short === 0
    ? `${missed}.`
    : `${missed}; there may be too few of a category, or other strategies had a say.`;
}

/** Of one category: how many there were, were selected before and are selected now, and of a random selection. */
export interface CategoryRow {
  name: string;
  available: number;
  before: number;
  after: number;
  random: number | null;
}

/** Categories of a selection run, those that are most frequent first. */
export function categoryRows(
  counts: Readonly<Record<string, Schemas['CategoryCounts']>>,
  quality: Quality | null | undefined,
): CategoryRow[] {
  const shares = quality?.class_distribution ?? {};
  return Object.entries(counts)
    .map(([name, { available, before, after }]) => ({
      name,
      available,
      before,
      after,
      random: shares[name] === undefined ? null : shares[name].random + before,
    }))
    .sort(byAvailable);
}

/** Categories of what a run selected. */
export function distributionRows(quality: Quality): CategoryRow[] {
  return Object.entries(quality.class_distribution ?? {})
    .map(([name, { available, selected, random }]) => ({
      name,
      available,
      before: 0,
      after: selected,
      random,
    }))
    .sort(byAvailable);
}

const byAvailable = (a: CategoryRow, b: CategoryRow): number => b.available - a.available;
