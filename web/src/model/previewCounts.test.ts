import { describe, expect, it } from 'vitest';
import { amountOf, countByCategory, countLeft, histogram, quantile, scaled, varied } from './previewCounts';

const objects = {
  category_id: [0, 0, 1, 2, 1],
  score: [0.9, 0.5, null, 0.2, 0.7],
  shorter_side: [40, 20, 60, 10, 19.999],
  image: [0, 0, 1, 2, 1],
};
const ALL = { minScore: null, minSize: null, categoryIds: null };

describe('what filters leave', () => {
  it('is everything without any', () => {
    expect(countLeft(objects, ALL)).toMatchObject({ objects: 5, images: 3 });
    expect([...countByCategory(objects)]).toEqual([
      [0, 2],
      [1, 2],
      [2, 1],
    ]);
  });

  it('keeps what equals a limit, and nothing without a score', () => {
    expect(countLeft(objects, { ...ALL, minScore: 0.5 }).objects).toBe(3);
    expect(countLeft(objects, { ...ALL, minScore: 0 }).objects).toBe(4);
    expect(countLeft(objects, { ...ALL, minSize: 20 }).objects).toBe(3);
  });

  it('takes all filters together', () => {
    expect(countLeft(objects, { minScore: 0.5, minSize: 20, categoryIds: [0, 2] })).toEqual({
      objects: 2,
      images: 1,
      byCategory: new Map([[0, 2]]),
    });
    expect(countLeft(objects, { ...ALL, categoryIds: [] }).objects).toBe(0);
  });
});

describe('a distribution', () => {
  it('puts the highest value into the last bin', () => {
    expect(histogram([0, 0.5, 1, null], 0, 1, 2)).toEqual({ edges: [0, 0.5, 1], counts: [1, 2] });
  });

  it('keeps what lies beyond its ends', () => {
    expect(histogram([-5, 500], 0, 10, 2).counts).toEqual([1, 1]);
  });

  it('has quantiles', () => {
    expect(quantile([5, 1, 3], 0.5)).toBe(3);
    expect(quantile([5, 1, 3], 1)).toBe(5);
    expect(quantile([], 0.5)).toBe(0);
  });
});

describe('an amount', () => {
  it('rounds a share as a run does, to one at least', () => {
    expect(amountOf({ kind: 'share', value: 0.3 }, 1404)).toBe(421);
    expect(amountOf({ kind: 'share', value: 0.0001 }, 1404)).toBe(1);
    expect(amountOf({ kind: 'share', value: 0.5 }, 5)).toBe(3);
    expect(amountOf({ kind: 'share', value: 0.5 }, 0)).toBe(0);
  });

  it('is never more than there is', () => {
    expect(amountOf({ kind: 'count', value: 500 }, 20)).toBe(20);
  });

  it('of a part says about how many there are of the whole', () => {
    expect(scaled(100, 50, 1000)).toBe(2000);
    expect(scaled(100, 240, 240)).toBe(100);
    expect(scaled(0, 0, 10)).toBe(0);
  });
});

describe('objects to look at', () => {
  const object = (category_id: number, side: number, crop_url: string | null = '/crop') => ({
    index: 0,
    category_id,
    category: String(category_id),
    score: null,
    box: [0, 0, side, side] as [number, number, number, number],
    outcome: 'used' as const,
    crop_url,
  });

  it('are of each category in turn, and of several sizes', () => {
    const picked = varied([{ objects: [object(0, 9), object(0, 5), object(0, 1), object(1, 7)] }], 3);
    expect(picked.map(({ category_id, box }) => [category_id, box?.[2]])).toEqual([
      [0, 9],
      [1, 7],
      [0, 5],
    ]);
  });

  it('are ones that a run cuts out', () => {
    expect(varied([{ objects: [object(0, 9, null)] }], 3)).toEqual([]);
  });
});
