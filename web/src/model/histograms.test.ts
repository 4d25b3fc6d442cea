import { describe, expect, it } from 'vitest';
import { binFilter, HISTOGRAM_WORDS, trimmed } from './histograms';

describe('a histogram', () => {
  it('loses its empty ends, not the gaps in between', () => {
    expect(trimmed({ edges: [0, 1, 2, 3, 4, 5], counts: [0, 4, 0, 2, 0] })).toEqual({
      edges: [1, 2, 3, 4],
      counts: [4, 0, 2],
    });
  });

  it('is none where everything is empty', () => {
    expect(trimmed({ edges: [0, 1], counts: [0] })).toBeNull();
  });

  it('says its edges as people do', () => {
    expect(HISTOGRAM_WORDS.shorter_side.format(2048)).toBe('2,048 px');
    expect(HISTOGRAM_WORDS.box_area.format(0.0031622776)).toBe('0.32 %');
  });
});

describe('the filter of a bin', () => {
  const sides = { name: 'shorter_side' as const, edges: [1, 2, 4, 8] };

  it('leaves out the upper edge of whole numbers, since ranges hold both ends', () => {
    expect(binFilter(sides, 2, 4)).toEqual({
      min_shorter_side: 2,
      max_shorter_side: 3,
    });
  });

  it('is open where the bin holds what lies beyond', () => {
    expect(binFilter(sides, 1, 2)).toEqual({ max_shorter_side: 1 });
    expect(binFilter(sides, 4, 8)).toEqual({ min_shorter_side: 4 });
  });

  it('keeps the edges of fractions', () => {
    expect(binFilter({ name: 'score', edges: [0, 0.05, 0.1, 1] }, 0.05, 0.1)).toEqual({
      min_score: 0.05,
      max_score: 0.1,
    });
  });
});
