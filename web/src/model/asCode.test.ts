import { describe, expect, it } from 'vitest';
import { runAsCommand, runAsPython, selectionAsCommand, selectionAsPython, shell } from './asCode';
import { NEW_RUN, runRequestOf } from './runForm';
import { itemsOf, newStrategy, type Strategy } from './strategies';

const PLACES = { input: '/data/street', output: '/data/street' };

describe('words of a command', () => {
  it('are one word of a shell', () => {
    expect(shell('/data/a-b_c.txt')).toBe('/data/a-b_c.txt');
    expect(shell('my data')).toBe(`'my data'`);
    expect(shell(`it's $HOME`)).toBe(`'it'\\''s $HOME'`);
    expect(shell('')).toBe(`''`);
  });
});

describe('a run as code', () => {
  it('says no more than it has to', () => {
    const request = runRequestOf({ ...NEW_RUN, task: 'cars' }, 'street');
    expect(runAsPython(request, 'http://here')).toBe(
      'import swath\n\n# The token comes from SWATH_TOKEN.\nclient = swath.Client("http://here")\n' +
        'run = client.runs.create(\n    "street",\n    object_level={"task_name": "cars"},\n' +
        '    selection={"proportion_samples": 0.1},\n)\nprint(run.wait().message)\n',
    );
    expect(runAsCommand(request, PLACES)).toBe(
      '# On the server’s machine; the command executes the run itself, at once.\n' +
        'swath run /data/street \\\n  --dataset street \\\n  --task cars \\\n  --n-samples 0.1\n',
    );
  });

  it('says everything that is not as usual', () => {
    const request = runRequestOf(
      {
        ...NEW_RUN,
        task: 'cars',
        unit: 'images',
        amount: { kind: 'share', percent: 100, count: 1 },
        strategies: itemsOf([newStrategy('random', { seed: 3 })]),
        padding: 0.1,
        boxFormat: 'auto',
        minScore: 0.5,
        minSize: 8,
        maxOverlap: 0.8,
        categories: ['big truck', 'car'],
        cropDatasetName: 'mine',
        embedder: 'm.onnx',
        removeDuplicates: false,
        processAll: true,
        relevantFilenames: 'a.txt',
        priority: 2,
        runsOn: ['gpu'],
      },
      'street',
    );
    const command = runAsCommand(request, { input: 's3://b/a', output: 's3://b/c' });
    expect(command.split(' \\\n  ').slice(1)).toEqual([
      '--output-datasource s3://b/c',
      '--dataset street',
      '--task cars',
      '--n-samples 1.0',
      '--strategy random,seed=3',
      '--unit image',
      '--padding 0.1',
      '--min-score 0.5',
      `--categories 'big truck'`,
      '--categories car',
      '--min-size 8',
      '--max-overlap 0.8',
      '--box-format auto',
      '--crop-dataset-name mine',
      '--embedder m.onnx',
      '--keep-duplicates',
      '--process-all',
      '--relevant-filenames a.txt\n',
    ]);
    expect(command).toContain('# Priority and labels');
    const code = runAsPython(request, 'http://here');
    expect(code).toContain(
      '    selection={\n        "proportion_samples": 1,\n        "unit": "images",\n' +
        '        "strategies": [{"type": "random", "seed": 3}],\n    },\n',
    );
    expect(code).toContain('    priority=2,\n    runs_on=["gpu"],\n)');
  });
});

describe('a selection as code', () => {
  const request = {
    dataset: 'street-crops',
    selection: { n_samples: 20, strategies: [newStrategy('diversity')] },
    input_tag: 'good ones',
    preselected_tag: null,
    new_tag: 'best',
    priority: 0,
    runs_on: [],
  };

  it('goes by tags', () => {
    expect(selectionAsPython(request, 'http://here')).toContain(
      'run = client.runs.select(\n    "street-crops",\n    selection={"n_samples": 20},\n' +
        '    input_tag="good ones",\n    new_tag="best",\n)\n',
    );
    expect(selectionAsCommand(request)).toContain(
      "swath select street-crops \\\n  --n-samples 20 \\\n  --from-tag 'good ones' \\\n  --tag best\n",
    );
  });

  const asked = (strategies: Strategy[], more: object = {}) =>
    selectionAsCommand({ ...request, selection: { n_samples: 20, strategies, ...more } }) ?? '';

  it('spells every strategy', () => {
    const scores = { type: 'scores' as const, score: 'uncertainty_entropy', task: 'cars' };
    const count = {
      type: 'predictions' as const,
      name: 'category_count' as const,
      categories: ['car', 'bus'],
    };
    const predictions = { type: 'predictions' as const, name: 'class_distribution' as const, task: 'cars' };
    const command = asked(
      [
        newStrategy('threshold', {
          input: { type: 'metadata', key: 'hour' },
          operation: 'bigger',
          threshold: 6,
        }),
        newStrategy('weights', { input: scores, strength: 2, target_range: { min_sum: 1, max_sum: 9 } }),
        newStrategy('weights', { input: count }),
        newStrategy('weights'),
        newStrategy('balance', { input: predictions, distribution: 'target', target: { car: 0.5 } }),
        newStrategy('diversity', {
          input: { type: 'embeddings', of: 'objects', task: 'cars' },
          minimum_distance: 0.2,
          minimum_distance_mode: 'filter',
        }),
        newStrategy('typicality', { num_nearest_neighbors: 9, minimum_typicality: 0.1 }),
        newStrategy('similarity', { query: { dataset: 'street', tag: 'at night' } }),
        newStrategy('representative'),
      ],
      { max_per_image: 2, quotas: { 'big truck': { at_least: 3, at_most: null } } },
    );
    expect(command.split(' \\\n  ').slice(2, -2)).toEqual([
      '--strategy threshold,metadata=hour,threshold=6,operation=bigger',
      '--strategy weights,strength=2,score=uncertainty_entropy,task=cars,min_sum=1,max_sum=9',
      '--strategy weights,count=car+bus',
      '--strategy weights,random=0',
      '--strategy balance,task=cars,distribution=target,target.car=0.5',
      '--strategy diversity,of=objects,task=cars,min_distance=0.2,mode=filter',
      '--strategy typicality,neighbors=9,minimum=0.1',
      `--strategy 'similarity,query=street/at night'`,
      '--strategy representative',
      '--max-per-image 2',
      `--quota 'big truck=3..'`,
    ]);
  });

  it('goes in a document where a name cannot be an option', () => {
    const command = asked(
      [newStrategy('balance', { distribution: 'target', target: { 'man, sitting': 1 } })],
      {
        n_samples: undefined,
        proportion_samples: 1,
      },
    );
    expect(command).toContain("--selection - \\\n  --from-tag 'good ones' \\\n  --tag best <<'END'\n{");
    expect(command).toContain('"n_samples": 1.0,');
    expect(command.endsWith('}\nEND\n')).toBe(true);
    expect(command).not.toContain('--strategy');
  });

  it('has no command for samples that have no name', () => {
    const input = { all_of: [{ selection_id: '0'.repeat(24) }], except_ids: [] };
    expect(selectionAsCommand({ ...request, input_tag: null, input })).toBeNull();
  });
});
