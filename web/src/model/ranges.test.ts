import { describe, expect, it } from 'vitest';
import { cut, filledBins, handlesOf, isSpread, rangeOf, shortNumber } from './ranges';

const SIDES = [1, 2, 4, 8, 16, 32];

describe('bins', () => {
  it('are cut to those that hold something', () => {
    const counts = [0, 0, 3, 0, 1];
    expect(filledBins(counts)).toEqual([2, 5]);
    expect(cut({ edges: SIDES, counts }, [2, 5])).toEqual({ edges: [4, 8, 16, 32], counts: [3, 0, 1] });
    expect(filledBins([0, 0])).toEqual([0, 2]);
  });

  it('offer a choice only if values differ', () => {
    expect(isSpread([0, 7, 0])).toBe(false);
    expect(isSpread([1, 0, 1])).toBe(true);
  });
});

describe('a range between handles', () => {
  it('is open where a handle stands at an end', () => {
    expect(rangeOf([0, 5], SIDES, true)).toEqual([null, null]);
    expect(rangeOf([2, 5], SIDES, true)).toEqual([4, null]);
  });

  it('of whole numbers ends before the next bin', () => {
    expect(rangeOf([1, 3], SIDES, true)).toEqual([2, 7]);
    expect(rangeOf([1, 3], [0, 0.25, 0.5, 0.75, 1], false)).toEqual([0.25, 0.75]);
  });

  it('comes back from the handles it was told by', () => {
    for (const handles of [
      [0, 5],
      [1, 3],
      [2, 5],
      [0, 1],
      [4, 5],
    ] as [number, number][]) {
      expect(handlesOf(rangeOf(handles, SIDES, true), SIDES, true)).toEqual(handles);
    }
  });

  it('never puts one handle on the other', () => {
    expect(handlesOf([8, 8], SIDES, true)).toEqual([3, 4]);
    expect(handlesOf([900, null], SIDES, true)).toEqual([4, 5]);
    expect(handlesOf([20, 3], SIDES, true)).toEqual([4, 5]);
  });
});

describe('numbers beside a histogram', () => {
  it('are short', () => {
    expect(shortNumber(0.30000000000000004)).toBe('0.3');
    expect(shortNumber(16384)).toBe('16,384');
    expect(shortNumber(0.0000316)).toBe('3e−5');
    expect(shortNumber(0)).toBe('0');
    expect(shortNumber(1.18921)).toBe('1.19');
  });
});
