import { describe, expect, it } from 'vitest';
import { flattened, imageRows, objectRows, selectionRows, type CountRow } from './resultCounts';

const leftOf = (rows: CountRow[]): number =>
  rows.reduce((sum, { role, value }) => sum + (role === 'in' ? value : role === 'out' ? -value : 0), 0);

describe('what became of images and objects', () => {
  it('adds up', () => {
    const images = imageRows({
      listed: 100,
      new: 60,
      unreadable: 1,
      duplicate: 2,
      without_predictions: 3,
      bad_predictions: 4,
      used: 50,
    });
    expect(images.map(({ value }) => value)).toEqual([100, 40, 1, 2, 3, 4, 50]);
    expect(leftOf(images)).toBe(50);
    const objects = objectRows({ found: 20, used: 14, clipped: 5, outside: 1, zero_area: 2, filtered: 3 });
    expect(leftOf(objects)).toBe(14);
    expect(leftOf(selectionRows({ candidates: 14, selected: 4 }, 'objects'))).toBe(4);
  });

  it('leaves out what took nothing away', () => {
    expect(imageRows({ listed: 5, new: 5, used: 5 }).map(({ label }) => label)).toEqual([
      'Images listed',
      'Images used',
    ]);
  });
});

describe('a configuration', () => {
  it('is one line a value', () => {
    const config = {
      a: { b: null, c: true },
      strategies: [{ type: 'random', seed: 0 }],
      categories: ['x', 'y'],
    };
    expect(flattened(config)).toEqual([
      ['a.b', '–'],
      ['a.c', 'yes'],
      ['strategies.1.type', 'random'],
      ['strategies.1.seed', '0'],
      ['categories', 'x, y'],
    ]);
  });
});
