import { expect, it } from 'vitest';
import { readPoints } from './points';

const columns = (x: number[], y: number[], samples: number[]): ArrayBuffer => {
  const bytes = new ArrayBuffer(x.length * 12);
  new Float32Array(bytes, 0, x.length).set(x);
  new Float32Array(bytes, x.length * 4, x.length).set(y);
  new Uint32Array(bytes, x.length * 8, x.length).set(samples);
  return bytes;
};

it('reads places and samples, and finds the point of a sample', () => {
  const points = readPoints(columns([1, 2], [-1, 0.5], [3, 0]), 2);
  expect([...points.x]).toEqual([1, 2]);
  expect([...points.y]).toEqual([-1, 0.5]);
  expect([...points.samples]).toEqual([3, 0]);
  expect([...points.pointOf]).toEqual([1, -1, -1, 0]);
});

it('reads a map without points', () => {
  expect(readPoints(new ArrayBuffer(0), 0).pointOf).toHaveLength(0);
});

it('refuses bytes that are not those of so many points', () => {
  expect(() => readPoints(new ArrayBuffer(12), 2)).toThrow('12 bytes for 2 points');
});
