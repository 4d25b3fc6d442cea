import { expect, it } from 'vitest';
import { FrameBudget, MOVING_MS } from './frameBudget';

/** Draw frames on a machine that needs so long per frame and point, and tell how long the last one took. */
function settled(fixedMs: number, pointsPerMs: number): number {
  const budget = new FrameBudget();
  let took = 0;
  for (let frame = 0; frame < 40; frame++) {
    const drawn = budget.points(MOVING_MS);
    took = fixedMs + drawn / pointsPerMs;
    budget.learn(drawn, took);
  }
  return took;
}

it.each([
  [5, 600],
  [12, 2000],
  [1, 1_000_000],
])('comes to frames of the wanted length where one costs %d ms and 1 ms per %d points', (fixed, perMs) => {
  expect(settled(fixed, perMs)).toBeGreaterThan(MOVING_MS * 0.8);
  expect(settled(fixed, perMs)).toBeLessThan(MOVING_MS * 1.2);
});

it('does not take a frame with hardly any points for a measure', () => {
  const budget = new FrameBudget();
  const before = budget.points(MOVING_MS);
  budget.learn(3, 16);
  expect(budget.points(MOVING_MS)).toBe(before);
});

it('draws some points even on the slowest machine', () => {
  const budget = new FrameBudget();
  for (let frame = 0; frame < 50; frame++) budget.learn(5000, 10_000);
  expect(budget.points(MOVING_MS)).toBe(5000);
});
