import { describe, expect, it } from 'vitest';
import type { Schemas } from '@/api/client';
import type { BrowsingSearch } from './browsing';
import { isSameRule, ruleOf, searchOf } from './views';

const search: BrowsingSearch = {
  q: { categories: ['car'] } as BrowsingSearch['q'],
  sort: { key: 'score', descending: true },
  tile: 120,
  boxes: false,
  focus: 'f'.repeat(24),
};

describe('the rule of a page', () => {
  it('is filter, order and looks, not what somebody looked at', () => {
    expect(ruleOf(search)).toEqual({
      filter: { categories: ['car'] },
      sort: { key: 'score', descending: true },
      page: { tile: 120, boxes: false },
    });
  });

  it('leads back to the page', () => {
    expect(searchOf({ id: 'a'.repeat(24), rule: ruleOf(search) })).toEqual({
      q: search.q,
      sort: search.sort,
      tile: 120,
      boxes: false,
      view: 'a'.repeat(24),
    });
  });

  it('says nothing in the address where nothing is asked for', () => {
    expect(searchOf({ id: 'a', rule: ruleOf({}) })).toEqual({ view: 'a' });
  });
});

describe('two rules', () => {
  const rule = (filter: object): Schemas['ViewRule'] => ({
    ...ruleOf({}),
    filter: filter as Schemas['FilterDocument'],
  });

  it('are the same however the server spells what is not asked for', () => {
    const told = rule({ max_score: null, min_score: 0.5, categories: ['car'], metadata: [] });
    expect(isSameRule(told, rule({ categories: ['car'], min_score: 0.5 }))).toBe(true);
  });

  it('differ by a value', () => {
    expect(isSameRule(rule({ min_score: 0.5 }), rule({ min_score: 0.6 }))).toBe(false);
  });
});
