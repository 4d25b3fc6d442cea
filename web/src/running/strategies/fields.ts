/** Which fields of a strategy stand where on its card, by their names in a request. */
import { choiceOf, type SelectionInputs } from '@/model/selectionInputs';
import { hasStrength, newStrategy, unusual, type Strategy } from '@/model/strategies';

/** All fields of a card that can say what is wrong with them. */
export const fieldsOf = (strategy: Strategy): string[] =>
  Object.keys(newStrategy(strategy.type)).filter((name) => name !== 'type');

/** Those that most people leave as they are; `isAlone`: no other strategy has a say beside it. */
export function foldedFields(strategy: Strategy, inputs: SelectionInputs, isAlone: boolean): string[] {
  return [
    ...(comparesVectors(strategy) && inputs.unit === 'objects' && hasChoice(strategy, inputs)
      ? ['input']
      : []),
    ...('aggregate' in strategy && bringsTogether(strategy, inputs) ? ['aggregate'] : []),
    ...fieldsOf(strategy).filter((name) => FOLDED.has(name)),
    ...(isAlone && hasStrength(strategy) && strategy.type !== 'random' ? ['strength'] : []),
  ];
}

const FOLDED = new Set([
  'minimum_distance',
  'minimum_distance_mode',
  'num_nearest_neighbors',
  'minimum_typicality',
  'maximum_sum',
  'target_range',
]);

/** Whether something that is folded away was said: then it is shown. */
export function isSaid(strategy: Strategy, fields: readonly string[]): boolean {
  const said = unusual(strategy);
  return fields.some((name) => name in said);
}

export type OfVectors = Extract<
  Strategy,
  { type: 'diversity' | 'representative' | 'typicality' | 'similarity' }
>;

export const comparesVectors = (strategy: Strategy): strategy is OfVectors =>
  'input' in strategy && strategy.input.type === 'embeddings';

/** Whether there is more than one answer to whose looks are compared. */
export const hasChoice = ({ input }: OfVectors, { vectors }: SelectionInputs): boolean =>
  vectors.length > 1 || choiceOf(input, vectors) === undefined;

/** Whether units have several vectors here, which are brought together. */
function bringsTogether(
  strategy: Extract<Strategy, { aggregate: unknown }>,
  { vectors }: SelectionInputs,
): boolean {
  const isUsual = strategy.aggregate === newStrategy(strategy.type).aggregate;
  return !isUsual || (choiceOf(strategy.input, vectors)?.isMany ?? strategy.input.of === 'objects');
}
