import { describe, expect, it } from 'vitest';
import { firstTarget, leftForOthers, shareOf } from './targetShares';

describe('shares of a balance', () => {
  it('leave the rest to others', () => {
    const target = { car: 0.5, bus: 0.2 };
    expect(leftForOthers(target)).toBeCloseTo(0.3);
    expect(shareOf(target, 'car')).toBe(0.5);
  });

  it('of more than all are parts of that', () => {
    const target = { car: 1, bus: 1 };
    expect(leftForOthers(target)).toBe(0);
    expect(shareOf(target, 'bus')).toBe(0.5);
  });

  it('begin with equal ones, of a few categories where there are many', () => {
    expect(firstTarget([{ name: 'a' }, { name: 'b' }])).toEqual({ a: 0.5, b: 0.5 });
    const many = firstTarget(Array.from({ length: 20 }, (_, at) => ({ name: String(at) })));
    expect(Object.keys(many)).toHaveLength(8);
    expect(many['0']).toBe(0.05);
  });
});
