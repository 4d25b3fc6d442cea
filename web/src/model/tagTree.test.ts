import { describe, expect, it } from 'vitest';
import { tagTree } from './tagTree';

const shape = (tags: [id: string, parent: string | null][]) =>
  tagTree(tags.map(([id, parent_id]) => ({ id, parent_id }))).map(
    ({ tag, depth }) => '.'.repeat(depth) + tag.id,
  );

describe('a tree of tags', () => {
  it('has each below the one it was made from', () => {
    expect(shape([['a', null], ['b', null], ['c', 'a'], ['d', 'c'], ['e', 'a']])).toEqual([
      'a', '.c', '..d', '.e', 'b',
    ]); // prettier-ignore
  });

  it('loses no tag whose parent is gone', () => {
    expect(
      shape([
        ['a', 'gone'],
        ['b', 'a'],
      ]),
    ).toEqual(['a', '.b']);
  });

  it('ends where tags name each other in a circle', () => {
    expect(
      shape([
        ['a', 'b'],
        ['b', 'a'],
      ]),
    ).toEqual(['a', '.b']);
  });
});
