import { describe, expect, it } from 'vitest';
import { columnChoices, columnTitle, namingOf } from './naming';

const dataset = {
  kind: 'crops',
  categories: [
    { task: 'detections', category_id: 7, name: 'truck', count: 3 },
    { task: 'detections', category_id: 9, name: null, count: 1 },
  ],
  runs: [],
  tags: [
    {
      id: 'a'.repeat(24), name: 'odd/ones', parent_id: null, size: 1, total_size: 2, revision: 1, run_id: null,
      created_at: 0, modified_at: 0,
    }, // prettier-ignore
  ],
};
const columns = ['category', 'score', `tag:${'a'.repeat(24)}`];

describe('what points can be coloured by', () => {
  it('has fields, what the map knows, tags by name and metadata by key', () => {
    const groups = columnChoices({ columns }, dataset, [{ key: 'weather.sky', kind: 'text' }], 'category');
    expect(groups.map(({ group, items }) => [group, ...items.map(({ label }) => label)])).toEqual([
      ['Objects', 'Category', 'Score'],
      ['Map', 'Density', 'Picked'],
      ['Tags', 'odd/ones'],
      ['Metadata', 'weather.sky'],
    ]);
  });

  it('has the stored selection of a link', () => {
    const groups = columnChoices({ columns }, dataset, [], 'selection:1');
    expect(groups.flatMap(({ items }) => items).map(({ label }) => label)).toContain('Stored selection');
  });
});

describe('labels', () => {
  it('of categories are coloured by their id, with a name or without', () => {
    const naming = namingOf('category', dataset, []);
    expect(naming.numberOf?.('truck')).toBe(7);
    expect(naming.numberOf?.('9')).toBe(9);
    expect(naming.titleOf?.('truck')).toBe('truck');
    expect(naming.titleOf?.('9')).toBe('category 9');
  });

  it('of numbers are steps of a scale, of texts they are not', () => {
    const metadata = [
      { key: 'speed', kind: 'number' as const },
      { key: 'sky', kind: 'text' as const },
    ];
    expect(namingOf('metadata:speed', dataset, metadata).kind).toBe('scale');
    expect(namingOf('metadata:sky', dataset, metadata).kind).toBe('labels');
    expect(namingOf('score', dataset, metadata).kind).toBe('scale');
    expect(namingOf('stale', dataset, metadata).kind).toBe('flag');
  });
});

it('calls a tag that is gone by what the address says', () => {
  expect(columnTitle('tag:gone', dataset)).toBe('gone');
});
