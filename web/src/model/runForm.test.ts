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
  strategyRequest,
  type RunForm,
} from './runForm';

const FORM: RunForm = {
  ...NEW_RUN,
  task: 'cars',
  unit: 'images',
  amount: { kind: 'count', percent: 10, count: 50 },
  strategy: { type: 'random', minimumDistance: '', seed: 7 },
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

  it('leaves out what the other strategy has', () => {
    expect(strategyRequest({ type: 'diversity', minimumDistance: 0.2, seed: 9 })).toEqual({
      type: 'diversity',
      strength: 1,
      minimum_distance: 0.2,
    });
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
});
