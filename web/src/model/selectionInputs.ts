/** What strategies can be asked about: only what is there. */
import type { Schemas } from '@/api/client';
import { keyOfScore, scoreInWords, scoreOfKey, scoresOfTask } from './scoreWords';
import {
  isSame,
  type CategoryInput,
  type EmbeddingsInput,
  type KnownNumber,
  type NumberInput,
} from './strategies';

/** One thing to choose in a list. */
export interface Choice<Value> {
  group: string;
  label: string;
  value: Value;
}

export interface NumberChoice<Input extends NumberInput = KnownNumber> extends Choice<Input> {
  /** Between which it lies, as far as is known. */
  range: readonly [low: number, high: number] | null;
}

export interface CategoryName {
  name: string;
  /** How many there are, as far as is known. */
  count: number | null;
  /** Of a category of predictions: its colour goes by it. */
  id: number | null;
}

export interface CategoryChoice extends Choice<CategoryInput> {
  names: readonly CategoryName[];
}

export interface VectorChoice extends Choice<EmbeddingsInput> {
  /** Whether a unit may have several: then they are brought together. */
  isMany: boolean;
}

export interface SelectionInputs {
  unit: 'objects' | 'images';
  /** Whether scores are yet to be computed: then it can be said how. */
  areScoresNew: boolean;
  vectors: readonly VectorChoice[];
  numbers: readonly NumberChoice[];
  categories: readonly CategoryChoice[];
  /** Categories that objects have, for limits; none for images. */
  quotas: readonly CategoryName[];
}

type MetadataFacet = Schemas['MetadataFacet'];
type CategoryFacet = Schemas['CategoryFacet'];

// --- of samples that are there ------------------------------------------------------------------

interface SamplesThere {
  kind: string;
  categories: readonly CategoryFacet[];
  metadata: readonly MetadataFacet[];
  /** Tasks of the crops datasets of these images. */
  cropTasks: readonly string[];
  /** Whether the images that crops were cut out of have vectors. */
  hasImageVectors: boolean;
}

export function inputsOfSamples(there: SamplesThere): SelectionInputs {
  const { kind, categories, metadata, cropTasks, hasImageVectors } = there;
  const isCrops = kind === 'crops';
  const tasks = [...new Set(categories.map(({ task }) => task))];
  const namesOf = (task: string) => categoryNames(categories.filter((category) => category.task === task));
  return {
    unit: isCrops ? 'objects' : 'images',
    areScoresNew: false,
    vectors: isCrops
      ? [
          vectorsOf('The crops', { of: 'units' }),
          ...(hasImageVectors ? [vectorsOf('The images they are on', { of: 'images' })] : []),
        ]
      : [
          vectorsOf('The whole images', { of: 'units' }),
          ...[...new Set(cropTasks)].map((task) =>
            vectorsOf(
              cropTasks.length > 1 ? `Their objects (${task})` : 'Their objects',
              { of: 'objects', task },
              true,
            ),
          ),
        ],
    numbers: [
      ...scoreChoices(metadata),
      ...numberChoices(metadata),
      ...sizeChoices(isCrops ? 'objects' : 'images'),
      ...(isCrops ? [] : tasks.map((task) => countChoice(task, tasks.length > 1))),
    ],
    categories: [
      ...tasks.map((task) => predictedChoice(task, tasks.length > 1, namesOf(task))),
      ...labelChoices(metadata),
    ],
    quotas: isCrops ? categoryNames(categories) : [],
  };
}

// --- of what a run will find --------------------------------------------------------------------

interface PlannedRun {
  unit: 'objects' | 'images';
  /** The prediction task; null for whole images. */
  task: { name: string; type: string | null; categories: readonly { id: number; name: string }[] } | null;
  counts: ReadonlyMap<number, number>;
  /** Of the images that earlier runs added. */
  metadata: readonly MetadataFacet[];
}

export function inputsOfRun({ unit, task, counts, metadata }: PlannedRun): SelectionInputs {
  const names = (task?.categories ?? []).map(({ id, name }) => ({ id, name, count: counts.get(id) ?? 0 }));
  const attached = metadata.filter(({ key }) => scoreOfKey(key) === null);
  const scores = task === null ? [] : scoresOfTask(task.type ?? '', unit);
  return {
    unit,
    areScoresNew: true,
    vectors: [
      ...(task === null
        ? [vectorsOf('The whole images', { of: 'units' })]
        : unit === 'objects'
          ? [vectorsOf('The crops', { of: 'units' })]
          : [
              vectorsOf('Their objects', { of: 'units' }, true),
              vectorsOf('The whole images', { of: 'images' }),
            ]),
    ],
    numbers: [
      ...scores.map((score): NumberChoice => scoreChoice(score, task?.name ?? '', false, [0, 1])),
      ...numberChoices(attached),
      ...sizeChoices(unit),
      ...(task !== null && unit === 'images' ? [countChoice(task.name, false)] : []),
    ],
    categories: [
      ...(task === null ? [] : [predictedChoice(task.name, false, names)]),
      ...labelChoices(attached),
    ],
    quotas: unit === 'objects' ? names : [],
  };
}

// --- choices ------------------------------------------------------------------------------------

function vectorsOf(label: string, input: Partial<EmbeddingsInput>, isMany = false): VectorChoice {
  return { group: '', label, value: { type: 'embeddings', of: 'units', task: null, ...input }, isMany };
}

function scoreChoices(metadata: readonly MetadataFacet[]): NumberChoice[] {
  const scores = metadata.flatMap((facet) => {
    const own = scoreOfKey(facet.key);
    return own === null || facet.kind !== 'number' ? [] : [{ ...own, range: rangeOf(facet) }];
  });
  const isSeveral = new Set(scores.map(({ task }) => task)).size > 1;
  return scores.map(({ task, score, range }) => scoreChoice(score, task, isSeveral, range));
}

function scoreChoice(
  score: string,
  task: string,
  isSeveral: boolean,
  range: NumberChoice['range'],
): NumberChoice {
  return {
    group: 'Scores',
    label: isSeveral ? `${scoreInWords(score)} · ${task}` : scoreInWords(score),
    value: { type: 'scores', score, task, frequency_penalty: 0.25, min_score: 0.9 },
    range,
  };
}

function numberChoices(metadata: readonly MetadataFacet[]): NumberChoice[] {
  return metadata
    .filter(({ key, kind }) => kind !== 'text' && scoreOfKey(key) === null)
    .map((facet) => ({
      group: 'Metadata',
      label: facet.kind === 'boolean' ? `${facet.key} (1 or 0)` : facet.key,
      value: { type: 'metadata', key: facet.key },
      range: facet.kind === 'boolean' ? [0, 1] : rangeOf(facet),
    }));
}

const SIZES: readonly (readonly [key: string, label: string, of?: SelectionInputs['unit']])[] = [
  ['lightly.width', 'Width in px'],
  ['lightly.height', 'Height in px'],
  ['lightly.aspectRatio', 'Width ÷ height'],
  ['lightly.area', 'Area in px²', 'objects'],
  ['lightly.sizeInBytes', 'Size in bytes', 'images'],
];

/** What is measured of everything. */
function sizeChoices(unit: SelectionInputs['unit']): NumberChoice[] {
  return SIZES.filter(([, , of]) => of === undefined || of === unit).map(([key, label]) => ({
    group: unit === 'objects' ? 'Crop' : 'Image',
    label,
    value: { type: 'metadata', key },
    range: null,
  }));
}

function rangeOf({ histogram }: MetadataFacet): NumberChoice['range'] {
  const [low, high] = [histogram?.edges[0], histogram?.edges.at(-1)];
  return low === undefined || high === undefined ? null : [low, high];
}

function countChoice(task: string, isSeveral: boolean): NumberChoice {
  return {
    group: 'Predictions',
    label: isSeveral ? `Number of objects · ${task}` : 'Number of objects',
    value: { type: 'predictions', name: 'category_count', task, categories: null },
    range: null,
  };
}

/** A random number of each, which weights may be. */
export const RANDOM_NUMBERS: NumberChoice<NumberInput> = {
  group: 'Chance',
  label: 'Random numbers',
  value: { type: 'random', seed: 0 },
  range: [0, 1],
};

function predictedChoice(task: string, isSeveral: boolean, names: readonly CategoryName[]): CategoryChoice {
  return {
    group: 'Predictions',
    label: isSeveral ? `Categories · ${task}` : 'Categories',
    value: { type: 'predictions', name: 'class_distribution', task, categories: null },
    names,
  };
}

function labelChoices(metadata: readonly MetadataFacet[]): CategoryChoice[] {
  return metadata
    .filter(({ kind, values }) => kind !== 'number' && values.length > 0)
    .map(({ key, values }) => ({
      group: 'Metadata',
      label: key,
      value: { type: 'metadata', key },
      names: values.map(({ value, count }) => ({ name: String(value), count, id: null })),
    }));
}

function categoryNames(categories: readonly CategoryFacet[]): CategoryName[] {
  return categories
    .map(({ name, category_id, count }) => ({ name: name ?? String(category_id), count, id: category_id }))
    .sort((a, b) => b.count - a.count);
}

// --- finding the choice that is made ------------------------------------------------------------

/** Names a choice in a list. What is typed beside it (a seed, categories, penalties) makes no other one of it. */
export function choiceKey(input: AnyInput): string {
  switch (input.type) {
    case 'scores':
      return keyOfScore({ task: input.task ?? '', score: input.score });
    case 'metadata':
      return `metadata.${input.key}`;
    case 'predictions':
      return `${input.name ?? 'class_distribution'}.${input.task ?? ''}`;
    case 'random':
      return 'random';
    default:
      return `embeddings.${input.of ?? 'units'}.${input.task ?? ''}`;
  }
}

/** An input in words where no list has it. */
export function inputInWords(input: AnyInput): string {
  switch (input.type) {
    case 'scores':
      return scoreInWords(input.score);
    case 'metadata':
      return SIZES.find(([key]) => key === input.key)?.[1] ?? input.key;
    case 'predictions':
      return input.name === 'category_count' ? 'Number of objects' : 'Categories';
    case 'random':
      return RANDOM_NUMBERS.label;
    default:
      return input.of === 'objects'
        ? 'Their objects'
        : input.of === 'images'
          ? 'The whole images'
          : 'As usual';
  }
}

type AnyInput = NumberInput | CategoryInput | EmbeddingsInput;

/** The choice that an input stands for. One without a task is of the only task there is. */
export function choiceOf<Found extends Choice<AnyInput>>(
  input: AnyInput,
  choices: readonly Found[],
): Found | undefined {
  const key = choiceKey(input);
  const exact = choices.find(({ value }) => choiceKey(value) === key);
  if (exact !== undefined || ('task' in input && input.task != null)) return exact;
  return choices.find(({ value }) => isSame(withoutTask(value), withoutTask(input)));
}

const withoutTask = (input: object): object => ({ ...input, task: null, categories: null });
