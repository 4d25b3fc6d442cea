import { describe, expect, it } from 'vitest';
import { ago, baseName, bytes, categoryLabel, counted, duration } from './format';

describe('words for people', () => {
  it('count one thing and many', () => {
    expect(counted(1, 'object')).toBe('1 object');
    expect(counted(1404, 'object')).toBe('1,404 objects');
    expect(counted(2, 'category', 'categories')).toBe('2 categories');
  });

  it('tell sizes and durations in fitting units', () => {
    expect(bytes(999)).toBe('999 B');
    expect(bytes(1_234_567)).toBe('1.2 MB');
    expect(duration(1234)).toBe('1.2 s');
    expect(duration(200_000)).toBe('3 min 20 s');
    expect(duration(7_500_000)).toBe('2 h 5 min');
  });

  it('tell how long ago something was', () => {
    const now = 1_700_000_000_000;
    expect(ago(now - 10_000, now)).toBe('just now');
    expect(ago(now - 600_000, now)).toBe('10 minutes ago');
    expect(ago(now - 100_000_000, now)).toBe('yesterday');
  });

  it('name files and categories', () => {
    expect(baseName('train/a/b.jpg')).toBe('b.jpg');
    expect(categoryLabel({ category: null, category_id: 7 })).toBe('category 7');
  });
});
