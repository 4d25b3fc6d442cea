import { describe, expect, it } from 'vitest';
import { assigned, digitOf } from './quickTags';

describe('quick tags', () => {
  it('give a tag one digit and a digit one tag', () => {
    const tags = assigned(assigned({}, 'a', '1'), 'b', '2');
    expect(tags).toEqual({ 1: 'a', 2: 'b' });
    expect(assigned(tags, 'a', '3')).toEqual({ 2: 'b', 3: 'a' });
    expect(assigned(tags, 'b', '1')).toEqual({ 1: 'b' });
  });

  it('can be taken away', () => {
    expect(assigned({ 1: 'a', 2: 'b' }, 'a', null)).toEqual({ 2: 'b' });
  });

  it('are found by their tag', () => {
    expect(digitOf({ 4: 'a' }, 'a')).toBe('4');
    expect(digitOf({ 4: 'a' }, 'b')).toBeNull();
  });
});
