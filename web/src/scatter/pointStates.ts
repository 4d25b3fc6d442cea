/** One byte per point that says how it is drawn. */
import type { Bitmap } from '@/model/bitmap';

export const HIDDEN = 1;
export const PICKED = 2;

export interface Points {
  /** Places on the map, in an order that makes any first part a fair sample. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** The index of each point's sample. */
  readonly samples: Uint32Array;
}

export interface PointStates {
  /** HIDDEN or PICKED of each point. */
  readonly bytes: Uint8Array;
  /** The points that are picked and not hidden, ascending. */
  readonly picked: Uint32Array;
  readonly visibleCount: number;
}

export interface ShownRule {
  /** The code of each point, or null if all have the same. */
  readonly codes: Uint8Array | null;
  readonly hiddenCodes: ReadonlySet<number>;
  /** Samples that are shown; null: all. */
  readonly shown: Bitmap | null;
  readonly picked: Bitmap;
}

export function pointStates(samples: Uint32Array, rule: ShownRule): PointStates {
  const isHiddenCode = new Uint8Array(256);
  for (const code of rule.hiddenCodes) isHiddenCode[code] = 1;
  const { codes, shown, picked } = rule;
  const bytes = new Uint8Array(samples.length);
  const drawn = new Uint32Array(picked.count === 0 ? 0 : samples.length);
  let drawnCount = 0;
  let visibleCount = 0;
  for (let point = 0; point < samples.length; point++) {
    const sample = samples[point] as number;
    if (
      (codes !== null && isHiddenCode[codes[point] as number] === 1) ||
      (shown !== null && !shown.has(sample))
    ) {
      bytes[point] = HIDDEN;
      continue;
    }
    visibleCount += 1;
    if (picked.count > 0 && picked.has(sample)) {
      bytes[point] = PICKED;
      drawn[drawnCount++] = point;
    }
  }
  return { bytes, picked: drawn.slice(0, drawnCount), visibleCount };
}
