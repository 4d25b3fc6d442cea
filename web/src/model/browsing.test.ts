import { describe, expect, it } from 'vitest';
import { isEmptyFilter, parseBrowsing, tidied } from './browsing';

const ID = '0123456789abcdef01234567';

describe('the address of a page that shows samples', () => {
  it('is taken as it is where it makes sense', () => {
    const search = {
      q: { categories: ['car'] },
      sort: { key: 'score', descending: true },
      tile: 96,
      context: true,
    };
    expect(parseBrowsing({ ...search, focus: ID, sel: ID })).toEqual({ ...search, focus: ID, sel: ID });
  });

  it('loses what cannot be used instead of failing', () => {
    expect(
      parseBrowsing({
        q: 'car',
        sort: 'score',
        tile: 'wide',
        focus: '../x',
        sel: 7,
        context: 'yes',
        other: 1,
      }),
    ).toEqual({});
  });

  it('keeps tiles within what can be looked at', () => {
    expect(parseBrowsing({ tile: 1 }).tile).toBe(48);
    expect(parseBrowsing({ tile: '9999' }).tile).toBe(400);
  });
});

describe('a filter', () => {
  it('is empty when all of its lines are', () => {
    expect(isEmptyFilter(undefined)).toBe(true);
    expect(isEmptyFilter({ min_score: null })).toBe(true);
    expect(isEmptyFilter({ categories: [] })).toBe(false);
  });

  it('is tidied of lines that ask for nothing', () => {
    expect(tidied({ min_score: null, stale: false })).toEqual({ stale: false });
    expect(tidied({ min_score: undefined })).toBeUndefined();
  });
});
