import { describe, expect, it } from 'vitest';
import { areSameItems, completed, isSame, itemsOf, newStrategy, unusual, withReplaced } from './strategies';

describe('a strategy', () => {
  it('says no more than it has to', () => {
    expect(unusual(newStrategy('diversity'))).toEqual({ type: 'diversity' });
    expect(unusual(newStrategy('balance', { strength: 2 }))).toEqual({
      type: 'balance',
      strength: 2,
      distribution: 'uniform',
    });
  });

  it('says what nobody fills in, also where it is as it begins', () => {
    expect(unusual(newStrategy('weights'))).toEqual({ type: 'weights', input: { type: 'random' } });
    const threshold = newStrategy('threshold', { input: { type: 'metadata', key: 'hour' } });
    expect(unusual(threshold)).toEqual({
      type: 'threshold',
      input: { type: 'metadata', key: 'hour' },
      threshold: 0.5,
      operation: 'bigger_equal',
    });
  });

  it('of an older run is completed', () => {
    expect(completed({ type: 'diversity', strength: 2 } as never)).toEqual(
      newStrategy('diversity', { strength: 2 }),
    );
    const target = completed({ type: 'balance', target: { car: 1 } } as never);
    expect(completed({ ...target, distribution: null } as never)).toMatchObject({ distribution: 'target' });
  });

  it('is the same whatever the order of its fields, and what is null', () => {
    expect(isSame({ a: 1, b: { c: null, d: 2 } }, { b: { d: 2 }, a: 1 })).toBe(true);
    expect(isSame([1, 2], [2, 1])).toBe(false);
  });
});

describe('a list of strategies', () => {
  it('is the same list while only its fields change', () => {
    const items = itemsOf([newStrategy('diversity'), newStrategy('random')]);
    expect(areSameItems(items, withReplaced(items, 0, newStrategy('diversity', { strength: 3 })))).toBe(true);
    expect(areSameItems(items, withReplaced(items, 0, newStrategy('random')))).toBe(false);
    expect(areSameItems(items, items.slice(1))).toBe(false);
  });
});
