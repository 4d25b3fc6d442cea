/** Lists of strategies for what people want, by one click; all of it can be changed after. */
import { RANDOM_NUMBERS, type NumberChoice, type SelectionInputs } from './selectionInputs';
import { isSame, newStrategy, type Strategy } from './strategies';

export interface Preset {
  id: string;
  title: string;
  about: string;
  strategies: readonly Strategy[];
}

/** Scores that say how unsure a model is, the most telling first. */
const UNSURE = [
  'uncertainty_entropy',
  'uncertainty_margin',
  'uncertainty_least_confidence',
  'mean_uncertainty',
  'objectness_least_confidence',
];

/** What can be wanted of these samples: without scores nobody knows what the model is unsure of. */
export function presetsFor(inputs: SelectionInputs): Preset[] {
  const unsure = mostTelling(inputs.numbers)?.value;
  const categories = inputs.categories[0]?.value;
  return [
    {
      id: 'rare',
      title: 'Find rare kinds',
      about: 'One of everything before two of anything, oddities first',
      strategies: [newStrategy('diversity')],
    },
    {
      id: 'even',
      title: 'Cover everything evenly',
      about: 'Some of the bulk and some of the edges',
      strategies: [newStrategy('representative'), newStrategy('diversity')],
    },
    {
      id: 'bulk',
      title: 'Represent the bulk',
      about: 'What stands for most of the rest',
      strategies: [newStrategy('representative')],
    },
    ...(unsure === undefined
      ? []
      : [
          {
            id: 'unsure',
            title: 'What the model is unsure of',
            about: 'High uncertainty, without repeating itself',
            strategies: [newStrategy('weights', { input: unsure }), newStrategy('diversity')],
          },
        ]),
    ...(categories === undefined
      ? []
      : [
          {
            id: 'balance',
            title: 'Balance categories',
            about: 'Equal parts of each, different among themselves',
            strategies: [newStrategy('balance', { input: categories }), newStrategy('diversity')],
          },
        ]),
    {
      id: 'random',
      title: 'A fair sample',
      about: 'By chance, to compare with',
      strategies: [newStrategy('random')],
    },
  ];
}

function mostTelling(numbers: readonly NumberChoice[]): NumberChoice | undefined {
  for (const score of UNSURE) {
    const found = numbers.find(({ value }) => value.type === 'scores' && value.score === score);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The preset that a list of strategies is, as long as nothing was changed. */
export function presetOf(strategies: readonly Strategy[], presets: readonly Preset[]): Preset | undefined {
  return presets.find((preset) => isSame(preset.strategies, strategies));
}

/** The strategies that can be added here, each as it begins. */
export function addable(inputs: SelectionInputs, query: { dataset: string; tag: string } | null): Strategy[] {
  const number = mostTelling(inputs.numbers) ?? inputs.numbers[0];
  const categories = inputs.categories[0]?.value;
  return [
    newStrategy('diversity'),
    newStrategy('representative'),
    newStrategy('typicality'),
    ...(query === null ? [] : [newStrategy('similarity', { query })]),
    newStrategy('weights', { input: (number ?? RANDOM_NUMBERS).value }),
    ...(number === undefined
      ? []
      : [newStrategy('threshold', { input: number.value, threshold: middleOf(number) })]),
    ...(categories === undefined ? [] : [newStrategy('balance', { input: categories })]),
    newStrategy('random'),
  ];
}

/** A limit to begin with: in the middle, to two digits. */
export function middleOf({ range }: { range: NumberChoice['range'] }): number {
  if (range === null) return 1;
  const middle = (range[0] + range[1]) / 2;
  return middle === 0 ? 0 : Number(middle.toPrecision(2));
}
