/** Which fields of a strategy stand where on its card, by their names in a request. */
import type { SelectionInputs } from '@/model/selectionInputs';
import { choiceOf } from '@/model/selectionInputs';
import { newStrategy, unusual, type Strategy, type StrategyType } from '@/model/strategies';

/** Folded away: most people leave them as they are. */
const FOLDED: Readonly<Record<StrategyType, readonly string[]>> = {
  diversity: ['aggregate', 'minimum_distance', 'minimum_distance_mode'],
  representative: ['num_nearest_neighbors'],
  typicality: ['aggregate', 'num_nearest_neighbors', 'minimum_typicality'],
  similarity: ['aggregate'],
  weights: ['maximum_sum', 'target_range'],
  threshold: [],
  balance: [],
  random: [],
};

const OPEN: Readonly<Record<StrategyType, readonly string[]>> = {
  diversity: ['input', 'strength'],
  representative: ['input', 'strength'],
  typicality: ['input', 'strength'],
  similarity: ['input', 'query', 'strength'],
  weights: ['input', 'strength'],
  threshold: ['input', 'operation', 'threshold'],
  balance: ['input', 'distribution', 'target', 'strength'],
  random: ['seed', 'strength'],
};

/** All fields of a card that can say what is wrong with them. */
export const fieldsOf = ({ type }: Strategy): readonly string[] => [...OPEN[type], ...FOLDED[type]];

export const foldedFieldsOf = ({ type }: Strategy): readonly string[] => FOLDED[type];

/** Whether something that is folded away was said: then it is shown. */
export function saysFolded(strategy: Strategy): boolean {
  const said = unusual(strategy);
  return FOLDED[strategy.type].some((name) => name in said);
}

/** Whether units have several vectors here, which are brought together. */
export function bringsTogether(strategy: Strategy, inputs: SelectionInputs): boolean {
  if (!('aggregate' in strategy)) return false;
  const isUsual = strategy.aggregate === newStrategy(strategy.type).aggregate;
  return !isUsual || (choiceOf(strategy.input, inputs.vectors)?.isMany ?? strategy.input.of === 'objects');
}
