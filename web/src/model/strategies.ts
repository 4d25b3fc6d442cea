/** The strategies of a selection as a list that people build: documents of the interface, with every field said. */
import type { Schemas } from '@/api/client';

type Asked = NonNullable<Schemas['RequestedSelection']['strategies']>[number];
type Whole<One> = One extends unknown ? Required<One> : never;

/** One strategy, with everything that the server would fill in. */
export type Strategy = Whole<Asked>;
export type StrategyType = Strategy['type'];
export type StrategyOf<Type extends StrategyType> = Extract<Strategy, { type: Type }>;
/** As it is kept: of an older version it may lack something. */
export type KeptStrategy = Asked;

export type EmbeddingsInput = Schemas['EmbeddingsInput'];
/** What is known of things as a number; weights may also be random ones. */
export type KnownNumber = StrategyOf<'threshold'>['input'];
export type NumberInput = StrategyOf<'weights'>['input'];
export type CategoryInput = StrategyOf<'balance'>['input'];
export type Aggregate = Schemas['Aggregate'];

/** A strategy in a list: the number stays its own whatever is added or removed around it. */
export interface StrategyItem {
  id: number;
  strategy: Strategy;
}

const VECTORS: EmbeddingsInput = { type: 'embeddings', of: 'units', task: null };

/** What a strategy is asked where nothing else is said. */
const USUAL: { readonly [Type in StrategyType]: StrategyOf<Type> } = {
  diversity: {
    type: 'diversity',
    strength: 1,
    input: VECTORS,
    aggregate: 'max',
    minimum_distance: null,
    minimum_distance_mode: 'stop',
  },
  representative: { type: 'representative', strength: 1, input: VECTORS, num_nearest_neighbors: 64 },
  typicality: {
    type: 'typicality',
    strength: 1,
    input: VECTORS,
    aggregate: 'mean',
    num_nearest_neighbors: 20,
    minimum_typicality: null,
  },
  similarity: {
    type: 'similarity',
    strength: 1,
    input: VECTORS,
    aggregate: 'max',
    query: { dataset: '', tag: '' },
  },
  weights: {
    type: 'weights',
    strength: 1,
    input: { type: 'random', seed: 0 },
    maximum_sum: null,
    target_range: null,
  },
  threshold: {
    type: 'threshold',
    input: { type: 'metadata', key: '' },
    threshold: 0.5,
    operation: 'bigger_equal',
  },
  balance: {
    type: 'balance',
    strength: 1,
    input: { type: 'predictions', name: 'class_distribution', task: null, categories: null },
    distribution: 'uniform',
    target: null,
  },
  random: { type: 'random', strength: 1, seed: 0 },
};

/** A strategy of a type, as it begins. */
export function newStrategy<Type extends StrategyType>(
  type: Type,
  said: Partial<StrategyOf<Type>> = {},
): StrategyOf<Type> {
  return { ...USUAL[type], ...said };
}

/** A kept strategy with what its version did not know. */
export function completed(kept: KeptStrategy): Strategy {
  const strategy = { ...USUAL[kept.type], ...kept } as Strategy;
  // Without a distribution a target decides.
  return strategy.type === 'balance' && strategy.distribution === null
    ? { ...strategy, distribution: strategy.target === null ? 'uniform' : 'target' }
    : strategy;
}

/** What nobody fills in as it is meant for those who leave it out. */
const REQUIRED: Partial<Record<StrategyType, readonly string[]>> = {
  similarity: ['query'],
  weights: ['input'],
  threshold: ['input', 'threshold', 'operation'],
  balance: ['distribution'],
};

/** What a strategy says that is not as usual, and what it has to say. */
export function unusual(strategy: Strategy): Record<string, unknown> {
  const usual: Record<string, unknown> = { ...USUAL[strategy.type] };
  const required = ['type', ...(REQUIRED[strategy.type] ?? [])];
  return Object.fromEntries(
    Object.entries(strategy)
      .filter(([name, value]) => required.includes(name) || (value !== null && !isSame(value, usual[name])))
      .map(([name, value]) => [name, name === 'input' ? unusualInput(value) : value]),
  );
}

const USUAL_INPUT: Record<string, unknown> = {
  of: 'units',
  seed: 0,
  frequency_penalty: 0.25,
  min_score: 0.9,
};

function unusualInput(input: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).filter(([name, value]) => value !== null && value !== USUAL_INPUT[name]),
  );
}

/** Documents are small: their JSON tells them apart, if it is written in one order. */
export function isSame(one: unknown, other: unknown): boolean {
  return written(one) === written(other);
}

function written(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([, held]) => held !== null && held !== undefined)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  );
}

// --- lists --------------------------------------------------------------------------------------

export function itemsOf(strategies: readonly Strategy[]): StrategyItem[] {
  return strategies.map((strategy, id) => ({ id, strategy }));
}

export function strategiesOf(items: readonly StrategyItem[]): Strategy[] {
  return items.map(({ strategy }) => strategy);
}

export function withAdded(items: readonly StrategyItem[], strategy: Strategy): StrategyItem[] {
  return [...items, { id: Math.max(-1, ...items.map(({ id }) => id)) + 1, strategy }];
}

export function withReplaced(items: readonly StrategyItem[], id: number, strategy: Strategy): StrategyItem[] {
  return items.map((item) => (item.id === id ? { id, strategy } : item));
}

export function withoutItem(items: readonly StrategyItem[], id: number): StrategyItem[] {
  return items.filter((item) => item.id !== id);
}

/** Whether two lists hold the same strategies in the same places, whatever these are asked. */
export function areSameItems(one: readonly StrategyItem[], other: readonly StrategyItem[]): boolean {
  return isSame(
    one.map(({ id, strategy: { type } }) => [id, type]),
    other.map(({ id, strategy: { type } }) => [id, type]),
  );
}

/** Whether it has a say beside others: thresholds come before all of them. */
export function hasStrength(strategy: Strategy): strategy is Exclude<Strategy, StrategyOf<'threshold'>> {
  return strategy.type !== 'threshold';
}

/** How many strategies share the say. */
export function sayCount(items: readonly StrategyItem[]): number {
  return items.filter(({ strategy }) => hasStrength(strategy)).length;
}

// --- words --------------------------------------------------------------------------------------

interface TypeWords {
  title: string;
  /** What it does, in a sentence. */
  about: string;
}

export const STRATEGY_WORDS: Readonly<Record<StrategyType, TypeWords>> = {
  diversity: { title: 'Diversity', about: 'Picks what looks least like everything picked before.' },
  representative: { title: 'Representative', about: 'Picks what stands for many of the others.' },
  typicality: { title: 'Typicality', about: 'Prefers what many others look like, and leaves oddities.' },
  similarity: { title: 'Similarity', about: 'Prefers what looks like the samples of a tag.' },
  weights: { title: 'Weights', about: 'Prefers high numbers, such as how unsure the model is.' },
  threshold: { title: 'Threshold', about: 'Before all others: leaves out what does not pass a number.' },
  balance: { title: 'Balance', about: 'Brings categories to the shares you want.' },
  random: { title: 'Random', about: 'Picks by chance; the same seed picks the same.' },
};

/** How much a strength is, in a word or two. */
export function strengthInWords(strength: number): string {
  if (strength < 0) return 'the opposite';
  if (strength === 0) return 'no say';
  if (strength < 0.75) return 'a little';
  if (strength <= 1.25) return 'as usual';
  return strength < 2.5 ? 'more' : 'strong';
}
