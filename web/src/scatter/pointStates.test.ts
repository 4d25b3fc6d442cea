import { describe, expect, it } from 'vitest';
import { Bitmap } from '@/model/bitmap';
import { HIDDEN, PICKED, pointStates } from './pointStates';

const samples = new Uint32Array([30, 10, 20, 0]);
const all = { codes: null, hiddenCodes: new Set<number>(), shown: null, picked: new Bitmap() };

describe('the states of points', () => {
  it('follow the samples, not the order of the points', () => {
    const states = pointStates(samples, { ...all, picked: Bitmap.of([10, 0]) });
    expect([...states.bytes]).toEqual([0, PICKED, 0, PICKED]);
    expect([...states.picked]).toEqual([1, 3]);
    expect(states.visibleCount).toBe(4);
  });

  it('hide what the legend hides and what the filter leaves out, picked or not', () => {
    const states = pointStates(samples, {
      codes: new Uint8Array([0, 1, 0, 0]),
      hiddenCodes: new Set([1]),
      shown: Bitmap.of([10, 20, 30]),
      picked: Bitmap.of([10, 20]),
    });
    expect([...states.bytes]).toEqual([0, HIDDEN, PICKED, HIDDEN]);
    expect([...states.picked]).toEqual([2]);
    expect(states.visibleCount).toBe(2);
  });

  it('take samples after the end of a bitmap for ones that are not in it', () => {
    const states = pointStates(samples, { ...all, shown: Bitmap.of([0]) });
    expect(states.visibleCount).toBe(1);
  });
});
