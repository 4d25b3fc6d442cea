import { expect, it } from 'vitest';
import { pointAlpha, pointSize } from './pointSize';

const AREA = 1000 * 700;

it('makes few points large and many small', () => {
  const sizes = [1, 1000, 20_000, 1_000_000].map((points) => pointSize(points, AREA, 1));
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  expect(sizes[0]).toBe(8);
  expect(sizes[3]).toBe(1.7);
});

it('lets points grow as one comes nearer, up to a limit', () => {
  expect(pointSize(20_000, AREA, 4)).toBeGreaterThan(pointSize(20_000, AREA, 1));
  expect(pointSize(20_000, AREA, 1e6)).toBe(14);
  expect(pointSize(20_000, AREA, 0.25)).toBe(pointSize(20_000, AREA, 1));
});

it('lets many points shine through each other', () => {
  expect(pointAlpha(100)).toBe(0.9);
  expect(pointAlpha(1_000_000)).toBeLessThan(0.7);
  expect(pointAlpha(1e12)).toBe(0.55);
});
