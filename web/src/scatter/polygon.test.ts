import { describe, expect, it } from 'vitest';
import type { Point } from './camera';
import { Polygon } from './polygon';

const square: Point[] = [
  { x: 0, y: 0 },
  { x: 4, y: 0 },
  { x: 4, y: 4 },
  { x: 0, y: 4 },
];

/** The formula over all edges. */
function isInside(vertices: readonly Point[], x: number, y: number): boolean {
  let inside = false;
  vertices.forEach((vertex, at) => {
    const before = vertices.at(at - 1) ?? vertex;
    const crosses =
      vertex.y > y !== before.y > y &&
      x < ((before.x - vertex.x) * (y - vertex.y)) / (before.y - vertex.y) + vertex.x;
    if (crosses) inside = !inside;
  });
  return inside;
}

/** The same numbers every time. */
function* numbers(): Generator<number, never> {
  let state = 7;
  for (;;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

describe('a polygon', () => {
  it('has what is inside, and of its border what the rule says', () => {
    const polygon = new Polygon(square);
    expect(polygon.has(2, 2)).toBe(true);
    expect(polygon.has(5, 2)).toBe(false);
    expect(polygon.has(0, 0)).toBe(true);
    expect(polygon.has(4, 4)).toBe(false);
  });

  it('leaves out where it covers itself twice', () => {
    const star = [0, 2, 4, 1, 3].map((turn) => ({
      x: Math.sin((turn * 2 * Math.PI) / 5),
      y: Math.cos((turn * 2 * Math.PI) / 5),
    }));
    const polygon = new Polygon(star);
    expect(polygon.has(0, 0)).toBe(false);
    expect(polygon.has(0, 0.8)).toBe(true);
  });

  it.each([0, 1, 2])('of %d vertices has nothing', (vertices) => {
    expect(new Polygon(square.slice(0, vertices)).has(0, 0)).toBe(false);
  });

  it('without height has nothing', () => {
    const flat = [0, 1, 2].map((x) => ({ x, y: 3 }));
    expect(new Polygon(flat).has(1, 3)).toBe(false);
  });

  it('agrees with the formula over all edges on many wild polygons, also for points on vertices', () => {
    const random = numbers();
    const next = () => Math.fround(random.next().value);
    let inside = 0;
    for (let round = 0; round < 40; round++) {
      const vertices = Array.from({ length: 3 + (round % 30) }, () => ({ x: next(), y: next() }));
      const polygon = new Polygon(vertices);
      const points = [...vertices, ...Array.from({ length: 300 }, () => ({ x: next(), y: next() }))];
      for (const { x, y } of points) {
        expect(polygon.has(x, y)).toBe(isInside(vertices, x, y));
        if (polygon.has(x, y)) inside += 1;
      }
    }
    expect(inside).toBeGreaterThan(2000);
  });
});
