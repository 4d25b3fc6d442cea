import { describe, expect, it } from 'vitest';
import { categoryRows, figuresOf, qualityInWords, targetGroups, targetsInWords } from './quality';

const QUALITY = {
  measured_on: 100,
  cover_radius: { selected: 0.6, random: 0.8 },
  mean_distance: { selected: 0.301, random: 0.3 },
  categories_covered: { selected: 5, random: 3.25 },
  categories_available: 6,
};

describe('quality', () => {
  it('has the figures that were measured', () => {
    expect(figuresOf(QUALITY).map(({ name, most }) => [name, most])).toEqual([
      ['Cover radius', 0.8],
      ['Mean distance', 0.301],
      ['Categories', 6],
    ]);
    expect(figuresOf({ measured_on: 0, categories_available: 0 })).toEqual([]);
  });

  it('is told beside chance, also where it is no better', () => {
    expect(qualityInWords(QUALITY)).toBe(
      'Beside a random selection of this size the worst gap is 25 % smaller and distances are the same on average.' +
        ' It has 5 of 6 categories, a random one 3.3.',
    );
    const worse = { ...QUALITY, cover_radius: { selected: 0.9, random: 0.6 }, categories_covered: null };
    expect(qualityInWords(worse)).toContain('the worst gap is 50 % larger');
    expect(qualityInWords({ measured_on: 3 })).toBe('');
    const all = {
      measured_on: 3,
      categories_covered: { selected: 6, random: 5.99 },
      categories_available: 6,
    };
    expect(qualityInWords(all)).toBe('Both have all 6 categories.');
  });
});

describe('shares', () => {
  it('that were not reached are counted', () => {
    const [rows = [], others = []] = targetGroups({
      measured_on: 0,
      targets: [
        { strategy: 0, category: 'bus', wanted: 0.3, reached: 0.1, available: 4 },
        { strategy: 0, category: 'car', wanted: 0.7, reached: 0.7, available: 90 },
        { strategy: 2, category: 'day', wanted: 1, reached: 0.9, available: 9 },
      ],
    });
    expect(rows.map(({ category, isReached }) => [category, isReached])).toEqual([
      ['bus', false],
      ['car', true],
    ]);
    expect(others.map(({ category }) => category)).toEqual(['day']);
    expect(targetsInWords(rows)).toMatch(/^1 of 2 shares are not as wanted; there may be too few/);
    expect(targetsInWords(rows.slice(1))).toMatch(/^All shares are as wanted/);
  });
});

describe('categories', () => {
  it('come with what chance would have chosen, and what was there before', () => {
    const counts = {
      bus: { available: 4, before: 1, after: 3 },
      car: { available: 90, before: 2, after: 12 },
    };
    const quality = {
      measured_on: 0,
      class_distribution: { car: { available: 90, selected: 10, random: 11.5 } },
    };
    expect(categoryRows(counts, quality)).toEqual([
      { name: 'car', available: 90, before: 2, after: 12, random: 13.5 },
      { name: 'bus', available: 4, before: 1, after: 3, random: null },
    ]);
  });
});
