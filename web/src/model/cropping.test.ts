import { describe, expect, it } from 'vitest';
import { boxInCrop, cropRect } from './cropping';

describe('the rectangle of a crop', () => {
  it('grows by the padding, half on each side, outward to whole pixels', () => {
    expect(cropRect([100, 50, 200, 90], 1000, 1000, 0)).toEqual([100, 50, 200, 90]);
    expect(cropRect([100, 50, 200, 90], 1000, 1000, 0.1)).toEqual([95, 48, 205, 92]);
    expect(cropRect([10.2, 10.8, 20.1, 20.9], 1000, 1000, 0)).toEqual([10, 10, 21, 21]);
  });

  it('ends at the border of the image', () => {
    expect(cropRect([-20, 5, 30, 400], 100, 80, 0.5)).toEqual([0, 0, 43, 80]);
  });

  it('does not lose a row of pixels to rounding', () => {
    expect(cropRect([0.1 + 0.2 - 0.3 + 1, 0, 3, 3], 10, 10, 0)[0]).toBe(1);
  });

  it('is never empty', () => {
    expect(cropRect([99.9999999, 0, 120, 5], 100, 100, 0)).toEqual([99, 0, 100, 5]);
  });

  it('holds its box where the box is', () => {
    const { left, top, width, height } = boxInCrop([100, 50, 200, 90], [95, 48, 215, 98]);
    expect([left * 120, top * 50, width * 120, height * 50].map(Math.round)).toEqual([5, 2, 100, 40]);
    expect(boxInCrop([-20, 0, 30, 40], [0, 0, 30, 40])).toEqual({ left: 0, top: 0, width: 1, height: 1 });
  });
});
