import { describe, expect, it } from 'vitest';
import { addable, middleOf, presetOf, presetsFor } from './presets';
import { choiceOf, inputsOfRun, inputsOfSamples, type SelectionInputs } from './selectionInputs';
import { newStrategy } from './strategies';

const TASK = 'cars';

const number = (key: string, low: number, high: number) => ({
  key,
  kind: 'number' as const,
  values: [],
  others: 0,
  missing: 0,
  histogram: { name: key, edges: [low, high], counts: [1] } as never,
});

const METADATA = [
  number(`scores.${TASK}.uncertainty_entropy`, 0, 0.8),
  number('hour', 6, 18),
  {
    key: 'sky',
    kind: 'text' as const,
    values: [{ value: 'clear', count: 3 }],
    others: 0,
    missing: 0,
    histogram: null,
  },
];
const CATEGORIES = [
  { task: TASK, category_id: 1, name: 'bus', count: 2 },
  { task: TASK, category_id: 0, name: 'car', count: 9 },
  { task: TASK, category_id: 5, name: null, count: 1 },
];
const crops = inputsOfSamples({
  kind: 'crops',
  categories: CATEGORIES,
  metadata: METADATA,
  cropTasks: [],
  hasImageVectors: true,
});
const images = inputsOfSamples({
  kind: 'images',
  categories: CATEGORIES,
  metadata: METADATA,
  cropTasks: [TASK],
  hasImageVectors: false,
});
const nothing = inputsOfSamples({
  kind: 'images',
  categories: [],
  metadata: [],
  cropTasks: [],
  hasImageVectors: false,
});

const labels = (choices: readonly { label: string }[]) => choices.map(({ label }) => label);

describe('what strategies can be asked about samples', () => {
  it('is what is known of them', () => {
    expect(labels(crops.numbers).slice(0, 3)).toEqual(['Uncertainty (entropy)', 'hour', 'Width in px']);
    expect(labels(crops.numbers)).not.toContain('Number of objects');
    expect(labels(images.numbers).at(-1)).toBe('Number of objects');
    expect(labels(crops.categories)).toEqual(['Categories', 'sky']);
    expect(crops.categories[0]?.names.map(({ name }) => name)).toEqual(['car', 'bus', '5']);
    expect(nothing.numbers.map(({ group }) => group)).toEqual(['Image', 'Image', 'Image', 'Image']);
  });

  it('compares images, or the objects of those that have been cut', () => {
    expect(images.vectors.map(({ value, isMany }) => [value.of, value.task, isMany])).toEqual([
      ['units', null, false],
      ['objects', TASK, true],
    ]);
    expect(labels(crops.vectors)).toEqual(['The crops', 'The images they are on']);
  });

  it('limits objects alone', () => {
    expect(crops.quotas.map(({ name }) => name)).toEqual(['car', 'bus', '5']);
    expect(images.quotas).toEqual([]);
  });
});

describe('what strategies of a run can be asked', () => {
  const run = (unit: 'objects' | 'images'): SelectionInputs =>
    inputsOfRun({
      unit,
      task: { name: TASK, type: 'object-detection', categories: [{ id: 0, name: 'car' }] },
      counts: new Map([[0, 7]]),
      metadata: METADATA,
    });

  it('has the scores that it will compute, not those of earlier ones', () => {
    expect(run('objects').numbers.filter(({ group }) => group === 'Scores')).toHaveLength(4);
    expect(run('images').numbers.filter(({ group }) => group === 'Scores')).toHaveLength(5);
  });

  it('compares crops, or of images their objects or all of them', () => {
    expect(run('objects').vectors.map(({ value }) => value.of)).toEqual(['units']);
    expect(run('images').vectors.map(({ value }) => value.of)).toEqual(['units', 'images']);
  });
});

describe('a choice', () => {
  it('is found whatever is typed beside it', () => {
    const input = {
      type: 'predictions' as const,
      name: 'category_count' as const,
      task: TASK,
      categories: ['car'],
    };
    expect(choiceOf(input, images.numbers)?.label).toBe('Number of objects');
  });

  it('without a task is of the only one there is', () => {
    const input = { type: 'predictions' as const, name: 'class_distribution' as const };
    expect(choiceOf(input, crops.categories)?.label).toBe('Categories');
    expect(choiceOf({ type: 'metadata', key: 'gone' }, crops.numbers)).toBeUndefined();
  });
});

describe('presets', () => {
  it('are those that there is something for', () => {
    const ids = (inputs: SelectionInputs) => presetsFor(inputs).map(({ id }) => id);
    expect(ids(crops)).toEqual(['rare', 'even', 'bulk', 'unsure', 'balance', 'random']);
    expect(ids(nothing)).toEqual(['rare', 'even', 'bulk', 'random']);
  });

  it('are known again until something is changed', () => {
    const presets = presetsFor(crops);
    const unsure = presets.find(({ id }) => id === 'unsure')?.strategies ?? [];
    expect(presetOf(unsure, presets)?.id).toBe('unsure');
    expect(presetOf([newStrategy('diversity', { strength: 2 })], presets)).toBeUndefined();
    expect(presetOf([newStrategy('diversity')], presets)?.id).toBe('rare');
  });
});

describe('strategies to add', () => {
  const types = (inputs: SelectionInputs, query: { dataset: string; tag: string } | null) =>
    addable(inputs, query).map(({ type }) => type);

  it('are those that have something to go by', () => {
    expect(types(crops, { dataset: 'a', tag: 'b' })).toHaveLength(8);
    expect(types(nothing, null)).toEqual([
      'diversity',
      'representative',
      'typicality',
      'weights',
      'threshold',
      'random',
    ]);
  });

  it('begin in the middle of what there is', () => {
    expect(middleOf({ range: [6, 18] })).toBe(12);
    expect(middleOf({ range: [0, 0.777] })).toBe(0.39);
    expect(middleOf({ range: [-1, 1] })).toBe(0);
  });
});
