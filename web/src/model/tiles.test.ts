import { describe, expect, it } from 'vitest';
import { fitted, thumbnailSize, tilingOf } from './tiles';

describe('tiles', () => {
  it('fill the width they have', () => {
    for (const available of [300, 777, 1200]) {
      const { columns, width, gap } = tilingOf(available, 128, 1);
      const used = columns * width + (columns - 1) * gap;
      expect(available - used).toBeGreaterThanOrEqual(0);
      expect(available - used).toBeLessThan(columns);
      expect(Math.abs(width - 128)).toBeLessThan(40);
    }
  });

  it('are at least one, however narrow it is', () => {
    expect(tilingOf(60, 400, 1).columns).toBe(1);
    expect(tilingOf(0, 128, 1).width).toBeGreaterThan(0);
  });

  it('have words below them where they are large enough', () => {
    expect(tilingOf(1000, 48, 1).caption).toBe(0);
    expect(tilingOf(1000, 128, 1).caption).toBeGreaterThan(0);
    const { rowHeight, height, caption, gap } = tilingOf(1000, 240, 0.75);
    expect(rowHeight).toBe(height + caption + gap);
  });
});

describe('pictures', () => {
  it('keep their shape and touch two sides', () => {
    expect(fitted(200, 100, { width: 128, height: 128 })).toEqual({ width: 128, height: 64 });
    expect(fitted(10, 40, { width: 128, height: 128 })).toEqual({ width: 32, height: 128 });
    expect(fitted(4000, 1, { width: 128, height: 128 })).toEqual({ width: 128, height: 1 });
  });

  it('are asked for in few sizes, finer on finer screens', () => {
    expect(thumbnailSize(100, 1)).toBe(96);
    expect(thumbnailSize(120, 1)).toBe(128);
    expect(thumbnailSize(120, 2)).toBe(256);
    expect(thumbnailSize(400, 3)).toBe(512);
  });
});
