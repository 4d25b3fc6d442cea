import { describe, expect, it } from 'vitest';
import { spreadIndices } from './spread';

describe('a spread', () => {
  it('takes each of few', () => {
    expect(spreadIndices(3, 8)).toEqual([0, 1, 2]);
  });

  it('lies evenly over many, each once', () => {
    expect(spreadIndices(100, 4)).toEqual([12, 37, 62, 87]);
    expect(new Set(spreadIndices(9, 8)).size).toBe(8);
    expect(Math.max(...spreadIndices(1_000_000, 8))).toBeLessThan(1_000_000);
  });

  it('is empty where nothing is', () => {
    expect(spreadIndices(0, 8)).toEqual([]);
  });
});
