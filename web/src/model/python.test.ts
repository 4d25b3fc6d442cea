import { describe, expect, it } from 'vitest';
import type { Filter, Sort } from './browsing';
import { pythonLiteral, samplesAsPython } from './python';

describe('a value in Python', () => {
  it('spells what JSON spells otherwise', () => {
    expect(
      pythonLiteral({ stale: true, min_score: 0.5, tags: { none_of: [] }, runs: null, all: [null, false] }),
    ).toBe('{"stale": True, "min_score": 0.5, "tags": {"none_of": []}, "all": [None, False]}');
  });

  it('keeps texts from ending early', () => {
    expect(pythonLiteral('a "b" \\ \n \u2028 ü')).toBe('"a \\"b\\" \\\\ \\n \\u2028 ü"');
  });
});

describe('samples as Python', () => {
  const code = (filter?: Partial<Filter>, sort?: Partial<Sort>) =>
    samplesAsPython({
      datasetName: 'photos',
      server: 'http://h:1',
      filter: filter as Filter,
      sort: sort as Sort,
    });

  it('asks for all where nothing is asked for', () => {
    expect(code()).toContain('dataset.iter_samples()');
    expect(code({}, { key: 'index', descending: false })).toContain('dataset.iter_samples()');
  });

  it('names filter and order', () => {
    expect(
      code({ categories: ['car'], min_score: null, metadata: [] }, { key: 'score', descending: true }),
    ).toContain('dataset.iter_samples({"categories": ["car"]}, sort={"key": "score", "descending": True})');
  });
});
