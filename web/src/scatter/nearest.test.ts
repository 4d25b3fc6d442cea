import { describe, expect, it } from 'vitest';
import { Bitmap } from '@/model/bitmap';
import { PointLookup } from './nearest';
import { HIDDEN } from './pointStates';

const points = {
  x: new Float32Array([0, 1, 2, 10]),
  y: new Float32Array([0, 0, 0, 10]),
  samples: new Uint32Array([7, 3, 100, 0]),
};

describe('the point nearest to a place', () => {
  it('is the nearest one within reach', () => {
    const lookup = new PointLookup(points);
    expect(lookup.nearest({ x: 1.2, y: 0 }, 5)).toBe(1);
    expect(lookup.nearest({ x: 4, y: 0 }, 5)).toBe(2);
    expect(lookup.nearest({ x: 5, y: 5 }, 1)).toBeNull();
  });

  it('is never a hidden one', () => {
    const lookup = new PointLookup(points);
    lookup.setStates(new Uint8Array([0, HIDDEN, 0, 0]));
    expect(lookup.nearest({ x: 1.2, y: 0 }, 5)).toBe(2);
  });

  it('is none on an empty map', () => {
    const empty = { x: new Float32Array(), y: new Float32Array(), samples: new Uint32Array() };
    expect(new PointLookup(empty).nearest({ x: 0, y: 0 }, 5)).toBeNull();
    expect(new PointLookup(empty).inside([])).toHaveLength(0);
  });
});

it('finds the samples of the points in a polygon, but for hidden ones', () => {
  const around = [
    { x: -1, y: -1 },
    { x: 3, y: -1 },
    { x: 3, y: 1 },
    { x: -1, y: 1 },
  ];
  const lookup = new PointLookup(points);
  expect([...new Bitmap(lookup.inside(around)).indices()]).toEqual([3, 7, 100]);
  lookup.setStates(new Uint8Array([0, HIDDEN, 0, 0]));
  expect([...new Bitmap(lookup.inside(around)).indices()]).toEqual([7, 100]);
});
