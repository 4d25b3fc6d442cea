import { describe, expect, it } from 'vitest';
import { boundsOf, dragged, fitting, toMap, toScreen, zoomed } from './camera';

const size = { width: 800, height: 600 };
const whole = { x: 0, y: 0, scale: 0.1 };

describe('a view', () => {
  it('shows its middle in the middle, and what is above it above', () => {
    const view = { x: 3, y: 4, scale: 0.5 };
    expect(toScreen(view, size, { x: 3, y: 4 })).toEqual({ x: 400, y: 300 });
    expect(toScreen(view, size, { x: 4, y: 5 })).toEqual({ x: 402, y: 298 });
  });

  it('finds the place of a pixel again', () => {
    const view = { x: -7, y: 2.5, scale: 0.03 };
    const place = toMap(view, size, { x: 12, y: 590 });
    const pixel = toScreen(view, size, place);
    expect(pixel.x).toBeCloseTo(12, 9);
    expect(pixel.y).toBeCloseTo(590, 9);
  });

  it('moves with the hand that drags it', () => {
    const place = { x: 1, y: 1 };
    const before = toScreen(whole, size, place);
    const after = toScreen(dragged(whole, 30, -20), size, place);
    expect(after.x - before.x).toBeCloseTo(30, 9);
    expect(after.y - before.y).toBeCloseTo(-20, 9);
  });

  it('holds the place under the pointer while it comes nearer', () => {
    const pointer = { x: 650, y: 120 };
    const held = toMap(whole, size, pointer);
    const nearer = zoomed(whole, size, pointer, 4, whole);
    expect(nearer.scale).toBeCloseTo(0.025, 12);
    expect(toScreen(nearer, size, held).x).toBeCloseTo(650, 6);
    expect(toScreen(nearer, size, held).y).toBeCloseTo(120, 6);
  });

  it('comes no nearer than numbers allow and goes no further than one can see', () => {
    expect(zoomed(whole, size, { x: 0, y: 0 }, 1e9, whole).scale).toBeCloseTo(whole.scale / 5000, 12);
    expect(zoomed(whole, size, { x: 0, y: 0 }, 1e-9, whole).scale).toBeCloseTo(whole.scale * 4, 12);
  });
});

describe('the view that fits', () => {
  it('has every point on the canvas', () => {
    const bounds = boundsOf(new Float32Array([-10, 30, 5]), new Float32Array([1, 2, -90]));
    if (bounds === null) throw new Error('there are points');
    const view = fitting(bounds, size);
    for (const corner of [bounds.low, bounds.high]) {
      const { x, y } = toScreen(view, size, corner);
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(size.width);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(size.height);
    }
  });

  it.each([0, 5, -2e6])('shows a single point at %d in the middle', (at) => {
    const bounds = boundsOf(new Float32Array([at]), new Float32Array([at]));
    const view = fitting(bounds, size);
    expect(view.scale).toBeGreaterThan(0);
    expect(toScreen(view, size, { x: at, y: at })).toEqual({ x: 400, y: 300 });
  });

  it('is there for a map without points', () => {
    expect(fitting(boundsOf(new Float32Array(), new Float32Array()), size).scale).toBeGreaterThan(0);
  });
});
