import { describe, expect, it } from 'vitest';
import { Bitmap } from './bitmap';

describe('a bitmap', () => {
  it('holds what was put in and nothing else', () => {
    const bitmap = Bitmap.of([0, 7, 8, 1000]);
    expect([...bitmap.indices()]).toEqual([0, 7, 8, 1000]);
    expect(bitmap.count).toBe(4);
    expect(bitmap.has(7)).toBe(true);
    expect(bitmap.has(6)).toBe(false);
    expect(bitmap.has(100_000)).toBe(false);
  });

  it('leaves the one it was made from as it was', () => {
    const before = Bitmap.of([3]);
    before.with([4]);
    before.without([3]);
    expect([...before.indices()]).toEqual([3]);
  });

  it('counts the lowest bit of the first byte as index 0, as the server does', () => {
    expect([...Bitmap.of([0, 9]).bytes]).toEqual([1, 2]);
  });

  it('comes back from base64 as it went, also when it is large', () => {
    const bitmap = Bitmap.of(Array.from({ length: 5000 }, (_, i) => i * 37));
    expect([...Bitmap.fromBase64(bitmap.toBase64()).bytes]).toEqual([...bitmap.bytes]);
  });

  it('adds, removes and intersects sets of different lengths', () => {
    const short = Bitmap.of([1, 2]);
    const long = Bitmap.of([2, 300]);
    expect([...short.union(long).indices()]).toEqual([1, 2, 300]);
    expect([...long.minus(short).indices()]).toEqual([300]);
    expect([...short.minus(long).indices()]).toEqual([1]);
    expect([...short.intersect(long).indices()]).toEqual([2]);
  });

  it('can be everything', () => {
    expect([...Bitmap.full(10).indices()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(Bitmap.full(16).bytes).toEqual(Uint8Array.of(255, 255));
    expect(Bitmap.full(0).count).toBe(0);
  });

  it('equals one with the same members, however long it is', () => {
    expect(Bitmap.of([1, 2]).equals(Bitmap.of([1, 2, 300]).without([300]))).toBe(true);
    expect(Bitmap.of([1, 2]).equals(Bitmap.of([1, 3]))).toBe(false);
    expect(Bitmap.of([1, 2]).equals(Bitmap.of([1, 2, 3]))).toBe(false);
  });

  it('removes what is not in it without a trace', () => {
    expect(Bitmap.of([1]).without([99]).count).toBe(1);
  });
});
