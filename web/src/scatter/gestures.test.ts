import { describe, expect, it } from 'vitest';
import { Bitmap } from '@/model/bitmap';
import { combined, combiningFor, cornersOf, lengthened, toolFor } from './gestures';

const none = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };

describe('a drag', () => {
  it('does what the tool does', () => {
    expect(toolFor('pan', none)).toBe('pan');
    expect(toolFor('rectangle', none)).toBe('rectangle');
  });

  it('draws a lasso with Shift where it would have moved the map', () => {
    expect(toolFor('pan', { ...none, shiftKey: true })).toBe('lasso');
    expect(toolFor('rectangle', { ...none, shiftKey: true })).toBe('rectangle');
  });
});

describe('what was drawn around', () => {
  const before = Bitmap.of([1, 2, 3]);
  const drawn = Bitmap.of([3, 40]);
  const after = (modifiers: Partial<typeof none>) => [
    ...combined(before, drawn, combiningFor({ ...none, ...modifiers })).indices(),
  ];

  it('replaces what was picked', () => expect(after({})).toEqual([3, 40]));
  it('is added with Ctrl or Cmd', () => {
    expect(after({ ctrlKey: true })).toEqual([1, 2, 3, 40]);
    expect(after({ metaKey: true, shiftKey: true })).toEqual([1, 2, 3, 40]);
  });
  it('is taken away with Alt', () => expect(after({ altKey: true, shiftKey: true })).toEqual([1, 2]));
});

describe('the path of a lasso', () => {
  it('leaves out pixels too near to the last one', () => {
    const path = [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
      { x: 3, y: 0 },
      { x: 3, y: 9 },
    ].reduce(lengthened, []);
    expect(path).toEqual([
      { x: 0, y: 0 },
      { x: 3, y: 0 },
      { x: 3, y: 9 },
    ]);
  });

  it('keeps an end that lies where it began', () => {
    const back = lengthened([{ x: 0, y: 0 }, { x: 50, y: 0 }], { x: 0, y: 0 }); // prettier-ignore
    expect(back).toHaveLength(3);
  });
});

it('a rectangle has its corners in turn', () => {
  const corners = cornersOf({ x: 1, y: 2 }, { x: 5, y: 9 });
  expect(corners.map(({ x, y }) => [x, y])).toEqual([[1, 2], [5, 2], [5, 9], [1, 9]]); // prettier-ignore
});
