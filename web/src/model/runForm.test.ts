import { describe, expect, it } from 'vitest';
import {
  amountOfConfig,
  amountRequest,
  categoryIds,
  categoryWord,
  formOfRun,
  freeName,
  nameProblem,
  NEW_RUN,
  NEW_SELECTION,
  formOfSelection,
  selectionRequestOf,
  runRequestOf,
  limitsRequest,
  madeUpTag,
  type RunForm,
} from './runForm';
import { itemsOf, newStrategy, withAdded, withoutItem } from './strategies';

const FORM: RunForm = {
  ...NEW_RUN,
  task: 'cars',
  unit: 'images',
  amount: { kind: 'count', percent: 10, count: 50 },
  strategies: itemsOf([newStrategy('random', { seed: 7 })]),
  limits: { maxPerImage: 2, quotas: [{ id: 0, category: 'car', atLeast: 3, atMost: null }] },
  padding: 0.25,
  boxFormat: 'auto',
  minScore: 0.5,
  minSize: 16,
  maxOverlap: 0.9,
  categories: ['car'],
  cropDatasetName: 'my-crops',
  embedder: 'model.onnx',
  removeDuplicates: false,
  processAll: true,
  relevantFilenames: 'some.txt',
  priority: 5,
  runsOn: ['gpu'],
};

describe('the request of a form', () => {
  it('says everything', () => {
    expect(runRequestOf(FORM, 'street')).toEqual({
      dataset: 'street',
      object_level: {
        task_name: 'cars',
        padding: 0.25,
        box_format: 'auto',
        crop_dataset_name: 'my-crops',
        min_score: 0.5,
        min_size: 16,
        max_overlap: 0.9,
        categories: ['car'],
      },
      selection: { n_samples: 50, unit: 'images', strategies: [{ type: 'random', strength: 1, seed: 7 }] },
      embedder: 'model.onnx',
      remove_exact_duplicates: false,
      process_all: true,
      relevant_filenames_file: 'some.txt',
      priority: 5,
      runs_on: ['gpu'],
    });
  });

  it('asks for shares as shares, without digits nobody typed', () => {
    expect(amountRequest({ kind: 'share', percent: 100, count: 5 })).toEqual({ proportion_samples: 1 });
    expect(amountRequest({ kind: 'share', percent: 28.7, count: 5 })).toEqual({ proportion_samples: 0.287 });
    expect(amountRequest({ kind: 'share', percent: '', count: 5 })).toEqual({});
  });

  it('asks for limits of objects alone, and for none that says nothing', () => {
    expect(runRequestOf({ ...FORM, unit: 'objects' }, 'street').selection).toMatchObject({
      max_per_image: 2,
      quotas: { car: { at_least: 3, at_most: null } },
    });
    const empty = { id: 0, category: 'bus', atLeast: null, atMost: null };
    expect(limitsRequest({ maxPerImage: null, quotas: [empty] })).toEqual({});
  });
});

describe('the form of a run', () => {
  it('asks for the same again', () => {
    const { object_level, selection, ...rest } = runRequestOf(FORM, 'street');
    const config = {
      datasource: {
        location: '/data',
        output: null,
        process_all: rest.process_all,
        relevant_filenames_file: rest.relevant_filenames_file ?? null,
      },
      dataset: 'street',
      object_level: { ...object_level },
      selection: { ...selection },
      embedder: rest.embedder,
      remove_exact_duplicates: rest.remove_exact_duplicates,
    };
    // What is kept went through JSON.
    const kept: typeof config = JSON.parse(JSON.stringify(config));
    const run = { config: kept as never, priority: 5, runs_on: ['gpu'], crop_dataset: null };
    expect(runRequestOf(formOfRun(run), 'street')).toEqual(runRequestOf(FORM, 'street'));
  });

  it('holds all strategies and limits of a run, in their order', () => {
    const strategies = [
      newStrategy('threshold', { input: { type: 'metadata', key: 'blur' }, threshold: 0.3 }),
      newStrategy('balance', { distribution: 'target', target: { car: 0.5 }, strength: 2 }),
      newStrategy('diversity', { minimum_distance: 0.4, minimum_distance_mode: 'filter' }),
    ];
    const form: RunForm = { ...FORM, unit: 'objects', strategies: itemsOf(strategies) };
    const { object_level, selection } = runRequestOf(form, 'street');
    const config = JSON.parse(JSON.stringify({ object_level, selection })) as never;
    const again = formOfRun({ config, priority: 0, runs_on: [], crop_dataset: null });
    expect(again.strategies.map(({ strategy }) => strategy)).toEqual(strategies);
    expect(again.limits).toEqual(FORM.limits);
  });

  it('fills in what a run of an older version did not know', () => {
    const config = { selection: { strategies: [{ type: 'diversity', strength: 1 }] } } as never;
    const form = formOfRun({ config, priority: 0, runs_on: [], crop_dataset: null });
    expect(form.strategies).toEqual(NEW_RUN.strategies);
  });

  it('takes a share for a share', () => {
    expect(amountOfConfig(0.3)).toMatchObject({ kind: 'share', percent: 30 });
    expect(amountOfConfig(1)).toMatchObject({ kind: 'share', percent: 100 });
    expect(amountOfConfig(20)).toMatchObject({ kind: 'count', count: 20 });
    expect(amountRequest(amountOfConfig(null))).toEqual({});
  });
});

describe('categories', () => {
  const all = [
    { id: 0, name: 'car' },
    { id: 1, name: 'bus' },
    { id: 2, name: 'bus' },
    { id: 3, name: 'man, sitting' },
  ];

  it('go by name unless another one would be meant', () => {
    expect(all.map((category) => categoryWord(category, all))).toEqual(['car', '1', 'bus', '3']);
  });

  it('are found again', () => {
    expect(categoryIds(['car', '1', 'bus', '3', 'gone'], all)).toEqual([0, 1, 2, 3]);
  });
});

describe('names of datasets', () => {
  it('are judged as the server does', () => {
    expect(nameProblem('street-crops 2')).toBeNull();
    expect(nameProblem('ab')).not.toBeNull();
    expect(nameProblem('-abc')).not.toBeNull();
    expect(nameProblem('a/bc')).not.toBeNull();
  });

  it('get the lowest number that is free', () => {
    expect(freeName('a-crops', new Set(['b']))).toBe('a-crops');
    expect(freeName('a-crops', new Set(['a-crops', 'a-crops-2']))).toBe('a-crops-3');
  });
});

describe('a list of strategies', () => {
  it('keeps them apart however it changes', () => {
    const two = itemsOf([newStrategy('diversity'), newStrategy('random')]);
    const other = withAdded(withoutItem(two, 0), newStrategy('diversity'));
    expect(other.map(({ id, strategy: { type } }) => [id, type])).toEqual([
      [1, 'random'],
      [2, 'diversity'],
    ]);
  });
});

describe('a selection', () => {
  const id = 'a'.repeat(24);

  it('is of everything, a tag, a view or a stored selection', () => {
    const inputs = ['all', 'tag:a:b', `view:${id}`, `selection:${id}`].map((source) => {
      const { input, input_tag } = selectionRequestOf({ ...NEW_SELECTION, source }, 'crops');
      return input_tag ?? input?.all_of?.[0];
    });
    expect(inputs).toEqual([undefined, 'a:b', { view_id: id }, { selection_id: id }]);
  });

  it('is asked for again from the same samples, under another name', () => {
    const config = {
      dataset_name: 'crops',
      selection: { n_samples: 0.2, strategies: [{ type: 'random', strength: 1, seed: 4 }] },
      input_selection_id: id,
      input_tag: null,
      preselected_tag: 'seen',
      new_tag: 'best',
    };
    const form = formOfSelection({ config, priority: 1, runs_on: ['gpu'] });
    expect(selectionRequestOf(form, 'crops')).toEqual({
      dataset: 'crops',
      selection: { proportion_samples: 0.2, strategies: [{ type: 'random', strength: 1, seed: 4 }] },
      input: { all_of: [{ selection_id: id }], except_ids: [] },
      preselected_tag: 'seen',
      new_tag: null,
      priority: 1,
      runs_on: ['gpu'],
    });
  });

  it('gets a tag as the server would call it', () => {
    expect(madeUpTag(40, new Date(2026, 10, 4, 9, 5, 7))).toBe('selection 2026-11-04 09h05m07 40 selected');
  });
});
