import { describe, expect, it } from 'vitest';
import type { Schemas } from '@/api/client';
import { boxInWords, flatMetadata, shareOfImage } from './sampleWords';

const crop = (box: number[]) =>
  ({ box, parent_width: 200, parent_height: 100 }) as unknown as Schemas['CropDocument'];

describe('the share of an image that a box covers', () => {
  it('counts only what lies in the image', () => {
    expect(shareOfImage(crop([0, 0, 100, 50]))).toBe(0.25);
    expect(shareOfImage(crop([-100, -50, 100, 50]))).toBe(0.25);
    expect(shareOfImage(crop([300, 0, 400, 50]))).toBe(0);
  });
});

describe('a box in words', () => {
  it('is two corners to the tenth', () => {
    expect(boxInWords([12.52, 40, 80.04, 96])).toBe('12.5, 40 – 80, 96');
  });
});

describe('metadata', () => {
  it('is flat, with keys as filters spell them', () => {
    expect(flatMetadata({ sky: 'clear', at: { hour: 6, wet: false }, tags: ['a', 1] })).toEqual([
      ['sky', 'clear'],
      ['at.hour', '6'],
      ['at.wet', 'false'],
      ['tags', '["a",1]'],
    ]);
  });
});
