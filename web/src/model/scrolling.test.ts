import { describe, expect, it } from 'vitest';
import { offsetAfter, offsetAt, rowsInView, scrolledHeight, scrollTopAt, TALLEST } from './scrolling';

const SMALL = { content: 50_000, viewport: 800 };
const HUGE = { content: 130_000_000, viewport: 800 };
const LAST = HUGE.content - HUGE.viewport;

describe('content that fits into an element', () => {
  it('is scrolled pixel by pixel', () => {
    expect(scrolledHeight(SMALL)).toBe(50_000);
    expect(offsetAt(1234, SMALL)).toBe(1234);
    expect(scrollTopAt(1234, SMALL)).toBe(1234);
  });

  it('is not scrolled beyond its ends', () => {
    expect(offsetAt(-5, SMALL)).toBe(0);
    expect(scrollTopAt(60_000, SMALL)).toBe(49_200);
    expect(offsetAt(10, { content: 300, viewport: 800 })).toBe(0);
  });
});

describe('content taller than elements can be', () => {
  it('is given the tallest element', () => {
    expect(scrolledHeight(HUGE)).toBe(TALLEST);
  });

  it('is reached as a whole, from the first pixel to the last', () => {
    expect(offsetAt(0, HUGE)).toBe(0);
    expect(offsetAt(TALLEST - HUGE.viewport, HUGE)).toBe(LAST);
    expect(offsetAt((TALLEST - HUGE.viewport) / 2, HUGE)).toBeCloseTo(LAST / 2, 3);
  });

  it('has one scroll position for every place and the other way round', () => {
    for (const offset of [0, 999_999, 1_000_001, 64_000_000.5, LAST - 1_000_001, LAST - 7, LAST]) {
      expect(offsetAt(scrollTopAt(offset, HUGE), HUGE)).toBeCloseTo(offset, 3);
    }
  });

  it('moves by as many pixels as a wheel does, wherever one is', () => {
    const scrollTop = scrollTopAt(64_000_000, HUGE);
    expect(offsetAfter({ scrollTop, offset: 64_000_000 }, scrollTop + 100, HUGE)).toBe(64_000_100);
    expect(offsetAfter({ scrollTop: 300, offset: 300 }, 200, HUGE)).toBe(200);
  });

  it('goes where the scrollbar is dragged to', () => {
    expect(offsetAfter({ scrollTop: 0, offset: 0 }, (TALLEST - 800) / 2, HUGE)).toBeCloseTo(LAST / 2, 3);
  });
});

describe('the rows in view', () => {
  it('are those of which something is seen, and some beyond', () => {
    expect(rowsInView(0, 100, 50, 10)).toEqual([0, 2]);
    expect(rowsInView(49, 100, 50, 10)).toEqual([0, 3]);
    expect(rowsInView(200, 100, 50, 10, 1)).toEqual([3, 7]);
  });

  it('do not go beyond the ends', () => {
    expect(rowsInView(0, 100, 50, 1, 2)).toEqual([0, 1]);
    expect(rowsInView(900, 100, 50, 4)).toEqual([4, 4]);
    expect(rowsInView(0, 100, 50, 0)).toEqual([0, 0]);
  });
});
