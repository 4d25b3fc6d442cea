import { describe, expect, it } from 'vitest';
import { isSortedBy, reversed, sortBy, sortOptions } from './sorting';

describe('orders', () => {
  it('are those that a kind of samples has, and every key of metadata', () => {
    const keys = (kind: string) => sortOptions(kind, ['sky']).map(({ key }) => key);
    expect(keys('crops')).toContain('score');
    expect(keys('crops')).not.toContain('object_count');
    expect(keys('images')).toContain('object_count');
    expect(sortOptions('images', ['sky']).at(-1)).toMatchObject({ key: 'metadata', metadataKey: 'sky' });
  });

  it('say nothing where they are the one that is there anyway', () => {
    const [arrival] = sortOptions('crops', []);
    expect(arrival && sortBy(arrival)).toBeUndefined();
    expect(reversed(undefined)).toEqual({ key: 'index', descending: true });
    expect(reversed({ key: 'index', descending: true })).toBeUndefined();
  });

  it('turn round without losing what they are about', () => {
    expect(reversed({ key: 'metadata', metadata_key: 'sky' })).toEqual({
      key: 'metadata',
      metadata_key: 'sky',
      descending: true,
    });
  });

  it('are recognised either way round', () => {
    const score = sortOptions('crops', []).find(({ key }) => key === 'score');
    const sky = sortOptions('crops', ['sky', 'wind']).find(({ metadataKey }) => metadataKey === 'sky');
    expect(score && isSortedBy({ key: 'score', descending: false }, score)).toBe(true);
    expect(sky && isSortedBy({ key: 'metadata', metadata_key: 'wind' }, sky)).toBe(false);
  });
});
