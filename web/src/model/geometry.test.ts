import { describe, expect, it } from 'vitest';
import { clipped, contextRect, type Box } from './geometry';

describe('the surroundings of a box', () => {
  /** Box, width and height of the image, margin, and what `swath.core.crops.context_rect` says of them. */
  const cases: [Box, number, number, number, Box][] = [
    [[10.5, 20.25, 50.75, 90], 640, 480, 0.5, [0, 0, 86, 125]],
    [[-5, -5, 30, 30], 100, 80, 0.5, [0, 0, 48, 48]],
    [[600, 440, 700, 500], 640, 480, 1.0, [500, 340, 640, 480]],
    [[700, 500, 800, 600], 640, 480, 0.5, [639, 450, 640, 480]],
    [[10, 10, 10, 10], 64, 64, 0.5, [10, 10, 11, 11]],
    [[3.2, 4.9, 5.1, 60.3], 100, 100, 0, [3, 4, 6, 61]],
    [[-50, -50, -20, -10], 100, 100, 0.5, [0, 0, 1, 10]],
    [[100.5, 0, 30, 40], 200, 50, 0.25, [90, 0, 91, 50]],
  ];

  it.each(cases)(
    'of %j in %d x %d with margin %d are those of the server',
    (box, width, height, margin, rect) => {
      expect(contextRect(box, width, height, margin)).toEqual(rect);
    },
  );
});

describe('a box', () => {
  it('is cut off at the edges of its image', () => {
    expect(clipped([-5, 3, 120, 90], 100, 80)).toEqual([0, 3, 100, 80]);
  });
});
