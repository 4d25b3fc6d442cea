import { describe, expect, it } from 'vitest';
import {
  categoryKey,
  changed,
  isNamed,
  meansCategory,
  metadataOf,
  tagChoice,
  tagCondition,
  toggled,
  withMetadata,
} from './filters';

const CAR = { task: 'day', category_id: 0, name: 'car', count: 5 };
const CAR_AT_NIGHT = { task: 'night', category_id: 3, name: 'car', count: 2 };
const NAMELESS = { task: 'day', category_id: 9, name: null, count: 1 };

describe('changing a filter', () => {
  it('keeps what is not spoken of, and leaves nothing behind that asks for nothing', () => {
    expect(changed({ min_score: 0.5 }, { stale: true })).toEqual({ min_score: 0.5, stale: true });
    expect(changed({ min_score: 0.5 }, { min_score: null })).toBeUndefined();
    expect(changed(undefined, { runs: null })).toBeUndefined();
  });

  it('puts values in and takes them out', () => {
    expect(toggled(null, 'a')).toEqual(['a']);
    expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
    expect(toggled(['a'], 'a')).toBeNull();
  });
});

describe('categories', () => {
  it('are told by their names where those say enough', () => {
    expect(categoryKey(CAR, [CAR, NAMELESS])).toBe('car');
    expect(categoryKey(CAR, [CAR, CAR_AT_NIGHT])).toEqual({ category_id: 0, task: 'day' });
    expect(categoryKey(NAMELESS, [CAR, NAMELESS])).toEqual({ category_id: 9, task: 'day' });
  });

  it('are recognised however they are told', () => {
    expect(isNamed(CAR, ['bus', 'car'])).toBe(true);
    expect(isNamed(CAR, [{ category_id: 0, task: 'night' }])).toBe(false);
    expect(meansCategory({ category_id: 0 }, CAR)).toBe(true);
    expect(isNamed(CAR, null)).toBe(false);
  });
});

describe('tags', () => {
  it('come back as they were chosen', () => {
    for (const choice of [
      { included: ['a', 'b'], excluded: [], mode: 'any' },
      { included: ['a', 'b'], excluded: ['c'], mode: 'all' },
    ] as const) {
      expect(tagChoice(tagCondition(choice))).toEqual(choice);
    }
  });

  it('ask for nothing once none is chosen', () => {
    expect(tagCondition({ included: [], excluded: [], mode: 'all' })).toBeNull();
    expect(tagCondition({ included: [], excluded: ['c'], mode: 'any' })).toEqual({ none_of: ['c'] });
  });
});

describe('metadata', () => {
  const filter = { metadata: [{ key: 'sky', any_of: ['rain'] }] };

  it('is asked for key by key', () => {
    expect(withMetadata(filter, 'speed', { range: [null, 30] })).toEqual([
      { key: 'sky', any_of: ['rain'] },
      { key: 'speed', max: 30 },
    ]);
    expect(withMetadata(filter, 'sky', { any_of: ['sun'] })).toEqual([{ key: 'sky', any_of: ['sun'] }]);
    expect(metadataOf(filter, 'sky')).toEqual({ key: 'sky', any_of: ['rain'] });
  });

  it('leaves nothing behind', () => {
    expect(withMetadata(filter, 'sky', { any_of: null })).toBeUndefined();
    expect(withMetadata(undefined, 'speed', { range: [null, null] })).toBeUndefined();
  });
});
