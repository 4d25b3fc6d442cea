import { describe, expect, it } from 'vitest';
import { fitted, panned, zoomed } from './zoom';

const image = { width: 1000, height: 500 };
const pane = { width: 524, height: 424 };

describe('an image in its pane', () => {
  it('fits in the middle', () => {
    expect(fitted(image, pane)).toEqual({ scale: 0.5, x: 12, y: 87 });
  });

  it('is enlarged where it is small, but not without end', () => {
    expect(fitted({ width: 100, height: 100 }, pane).scale).toBe(4);
    expect(fitted({ width: 2, height: 2 }, pane).scale).toBe(40);
  });

  it('keeps the point under the pointer in place while zooming', () => {
    const before = fitted(image, pane);
    const at = { x: 100, y: 200 };
    const after = zoomed(before, 3, at, image, pane);
    expect(after.scale).toBeCloseTo(1.5);
    expect((at.x - after.x) / after.scale).toBeCloseTo((at.x - before.x) / before.scale);
    expect((at.y - after.y) / after.scale).toBeCloseTo((at.y - before.y) / before.scale);
  });

  it('is never smaller than half of what fits', () => {
    expect(zoomed(fitted(image, pane), 0.01, { x: 0, y: 0 }, image, pane).scale).toBe(0.25);
  });

  it('never leaves the pane', () => {
    const view = fitted(image, pane);
    expect(panned(view, 1e6, -1e6, image, pane)).toEqual({ scale: 0.5, x: 464, y: -190 });
    expect(panned(view, 5, -5, image, pane)).toEqual({ scale: 0.5, x: 17, y: 82 });
  });
});
