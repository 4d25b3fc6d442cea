import { describe, expect, it } from 'vitest';
import type { Filter, Sort } from './browsing';
import { filterInWords, filterLines, withoutLine, rangeInWords, sortInWords } from './words';

const filter = (asked: Partial<Filter>): Filter => asked as Filter;
const sort = (asked: Partial<Sort>): Sort => asked as Sort;

describe('a filter in words', () => {
  it('is empty where nothing is asked for', () => {
    expect(filterInWords(filter({}))).toBe('');
    expect(filterInWords(filter({ min_score: null, tags: null, metadata: [] }))).toBe('');
  });

  it('has one line per thing, with the fields that ask for it', () => {
    const lines = filterLines(filter({ categories: ['car', 'bus'], min_score: 0.25, max_score: 0.5 }));
    expect(lines).toEqual([
      { fields: ['categories'], text: 'category car or bus' },
      { fields: ['min_score', 'max_score'], text: 'score 0.25 to 0.5' },
    ]);
  });

  it('calls categories and runs as they are called where that is known', () => {
    const asked = filter({ categories: [{ category_id: 3, task: 'boxes' }], runs: ['a'.repeat(24)] });
    expect(filterInWords(asked)).toBe('category number 3 · added by run aaaaaaaa');
    const names = { category: () => 'truck', run: () => 'run of Monday' };
    expect(filterInWords(asked, names)).toBe('category truck · added by run of Monday');
  });

  it('tells an empty list from none', () => {
    expect(filterInWords(filter({ categories: [] }))).toBe('no category');
    expect(filterInWords(filter({ tags: { any_of: [], all_of: [], none_of: [] } }))).toBe('in no tag at all');
  });

  it('joins tags by what is asked of them', () => {
    const tags = { any_of: ['a', 'b'], all_of: ['c', 'd'], none_of: ['e'] };
    expect(filterInWords(filter({ tags }))).toBe('tagged a or b, tagged c and d, not tagged e');
  });

  it('names a few of many', () => {
    expect(filterInWords(filter({ categories: ['a', 'b', 'c', 'd', 'e', 'f'] }))).toBe(
      'category a, b, c or 3 more',
    );
  });

  it('tells metadata by their key', () => {
    const metadata = [
      { key: 'sky', any_of: ['clear', 'grey'] },
      { key: 'night', any_of: [false] },
      { key: 'hour', min: 6 },
    ];
    expect(filterInWords(filter({ metadata }))).toBe('sky: clear or grey · night: no · hour at least 6');
  });

  it('shows shares of the image in percent', () => {
    expect(filterInWords(filter({ max_box_area: 0.005 }))).toBe('share of the image at most 0.50 %');
  });
});

describe('a range in words', () => {
  it('has one end, two, or one value', () => {
    expect(rangeInWords('width', 10, null)).toBe('width at least 10');
    expect(rangeInWords('width', null, 2000)).toBe('width at most 2,000');
    expect(rangeInWords('width', 10, 10)).toBe('width 10');
    expect(rangeInWords('width', null, undefined)).toBeNull();
  });
});

describe('an order in words', () => {
  it('says what comes first', () => {
    expect(sortInWords(undefined)).toBe('oldest first');
    expect(sortInWords(sort({ key: 'score', descending: true }))).toBe('score, highest first');
    expect(sortInWords(sort({ key: 'name' }))).toBe('file name, A to Z');
    expect(sortInWords(sort({ key: 'distance' }))).toBe('most similar first');
    expect(sortInWords(sort({ key: 'metadata', metadata_key: 'hour' }))).toBe('hour, lowest first');
  });
});

describe('a line that is removed', () => {
  it('leaves everything else of the filter', () => {
    const filter = {
      min_score: 0.5,
      stale: true,
      metadata: [
        { key: 'sky', any_of: ['rain'] },
        { key: 'speed', max: 30 },
      ],
    };
    const left = (text: string) => {
      const found = filterLines(filter).find((line) => line.text.startsWith(text));
      return found && withoutLine(filter, found);
    };
    expect(left('score')).toEqual({ stale: true, metadata: filter.metadata });
    expect(left('sky')).toEqual({ min_score: 0.5, stale: true, metadata: [{ key: 'speed', max: 30 }] });
  });
});
