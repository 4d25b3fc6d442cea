import { describe, expect, it } from 'vitest';
import { moved } from './cursor';

/** Rows 0-3, 4-7, 8-10. */
const SHAPE = { total: 11, columns: 4, pageRows: 2 };

describe('keys in a grid', () => {
  it('begin where one looks', () => {
    expect(moved(null, 'ArrowRight', SHAPE, 4)).toBe(4);
    expect(moved(null, 'ArrowDown', SHAPE, 40)).toBe(10);
  });

  it('lead to the next tile, also across the end of a row', () => {
    expect(moved(3, 'ArrowRight', SHAPE)).toBe(4);
    expect(moved(4, 'ArrowLeft', SHAPE)).toBe(3);
    expect(moved(1, 'ArrowDown', SHAPE)).toBe(5);
    expect(moved(5, 'ArrowUp', SHAPE)).toBe(1);
  });

  it('stop at the ends', () => {
    expect(moved(0, 'ArrowLeft', SHAPE)).toBe(0);
    expect(moved(10, 'ArrowRight', SHAPE)).toBe(10);
    expect(moved(2, 'ArrowUp', SHAPE)).toBe(2);
    expect(moved(9, 'ArrowDown', SHAPE)).toBe(9);
  });

  it('reach the last row also where it is short', () => {
    expect(moved(7, 'ArrowDown', SHAPE)).toBe(10);
  });

  it('leap by what is in view, and to the ends', () => {
    expect(moved(1, 'PageDown', SHAPE)).toBe(9);
    expect(moved(6, 'PageDown', SHAPE)).toBe(10);
    expect(moved(9, 'PageUp', SHAPE)).toBe(1);
    expect(moved(6, 'PageUp', SHAPE)).toBe(2);
    expect(moved(6, 'Home', SHAPE)).toBe(0);
    expect(moved(6, 'End', SHAPE)).toBe(10);
  });
});
