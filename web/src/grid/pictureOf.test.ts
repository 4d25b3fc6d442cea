import { describe, expect, it } from 'vitest';
import type { Sample } from '@/api/queries/samples';
import { pictureOf } from './pictureOf';
import { passes } from './useBoxesOf';

const CROP: Sample = {
  id: 'a'.repeat(24),
  dataset_id: 'b'.repeat(24),
  index: 3,
  file_name: 'x/0003_car.jpg',
  width: 60,
  height: 30,
  byte_size: 900,
  thumbnail_url: '/api/samples/a/thumbnail?v=1',
  file_url: '/api/samples/a/file',
  run_id: 'c'.repeat(24),
  created_at: 0,
  crop: {
    parent_dataset_id: 'd'.repeat(24),
    parent_sample_id: 'e'.repeat(24),
    parent_file_name: 'x.jpg',
    parent_width: 640,
    parent_height: 480,
    context_url: '/api/samples/a/context?v=1',
    task: 'day',
    category_id: 0,
    category: 'car',
    score: 0.5,
    box: [-10, 100, 50, 130],
    crop_rect: [0, 100, 50, 130],
    padding: 0,
    position: 0,
    stale: false,
  },
};
const TILE = { width: 120, height: 120 };

describe('the picture of a tile', () => {
  it('is a thumbnail of about its size, in its own shape', () => {
    const picture = pictureOf(CROP, TILE);
    expect(picture).toMatchObject({ width: 120, height: 60, box: null, frame: [0, 0, 60, 30] });
    expect(picture.url).toBe('/api/samples/a/thumbnail?v=1&size=128');
    expect(pictureOf(CROP, TILE, { pixelRatio: 2 }).url).toContain('size=256');
  });

  it('with surroundings has the shape of those, and the box within the image', () => {
    const picture = pictureOf(CROP, TILE, { withContext: true });
    expect(picture.frame).toEqual([0, 70, 80, 160]);
    expect(picture.box).toEqual([0, 100, 50, 130]);
    expect(picture).toMatchObject({ width: 107, height: 120 });
    expect(picture.url).toBe('/api/samples/a/context?v=1&margin=0.5&size=128');
  });

  it('of an image has no surroundings', () => {
    expect(pictureOf({ ...CROP, crop: null }, TILE, { withContext: true }).url).toContain('/thumbnail');
  });
});

describe('boxes over an image', () => {
  const box = { task: 'day', position: 0, category_id: 0, category: 'car', is_cropped: true };
  const car = { ...box, score: 0.5, box: [0, 0, 1, 1] as [number, number, number, number] };

  it('are all drawn where nothing is asked of them', () => {
    expect(passes(car, undefined)).toBe(true);
    expect(passes({ ...car, score: null }, { file_name: 'x' })).toBe(true);
  });

  it('are those of the categories and scores that one looks for', () => {
    expect(passes(car, { categories: ['bus', 'car'], min_score: 0.5 })).toBe(true);
    expect(passes(car, { categories: ['bus'] })).toBe(false);
    expect(passes(car, { min_score: 0.51 })).toBe(false);
    expect(passes(car, { max_score: 0.4 })).toBe(false);
    expect(passes({ ...car, score: null }, { min_score: 0 })).toBe(false);
  });
});
