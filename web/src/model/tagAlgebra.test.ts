import { describe, expect, it } from 'vitest';
import { isEmptySets, NO_SETS, tagCondition, tagExpression } from './tagAlgebra';

describe('sets made of tags', () => {
  it('are told as filter and as set algebra alike', () => {
    const sets = { anyOf: ['a', 'b'], allOf: ['c'], noneOf: ['d'] };
    expect(tagCondition(sets)).toEqual({ any_of: ['a', 'b'], all_of: ['c'], none_of: ['d'] });
    expect(tagExpression(sets)).toEqual({
      all_of: [{ any_of: [{ tag: 'a' }, { tag: 'b' }] }, { tag: 'c' }, { none_of: [{ tag: 'd' }] }],
    });
  });

  it('ask for nothing where no tag is named', () => {
    expect(isEmptySets(NO_SETS)).toBe(true);
    expect(tagCondition(NO_SETS)).toEqual({ any_of: null, all_of: [], none_of: [] });
    expect(tagExpression(NO_SETS)).toBeNull();
  });
});
