/** What a hand on the map means: moving it, or drawing around points; and what becomes of the points it drew around. */
import type { Bitmap } from '@/model/bitmap';
import type { Point } from './camera';

export type Tool = 'pan' | 'lasso' | 'rectangle';

/** What becomes of what was picked when points are drawn around. */
export type Combining = 'replace' | 'add' | 'subtract';

export interface Modifiers {
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Pixels that a pressed pointer moves before it drags rather than clicks. */
export const SLACK = 4;
/** Pixels between vertices of a lasso. */
const STEP = 3;

/** What a drag that begins with these keys held does: Shift draws, whatever the tool. */
export function toolFor(tool: Tool, modifiers: Modifiers): Tool {
  return modifiers.shiftKey && tool === 'pan' ? 'lasso' : tool;
}

export function combiningFor({ ctrlKey, metaKey, altKey }: Modifiers): Combining {
  if (altKey) return 'subtract';
  return ctrlKey || metaKey ? 'add' : 'replace';
}

export function combined(before: Bitmap, drawn: Bitmap, how: Combining): Bitmap {
  if (how === 'add') return before.union(drawn);
  return how === 'subtract' ? before.minus(drawn) : drawn;
}

/** The vertices of a lasso (pixels) after the pointer went on to another pixel. */
export function lengthened(path: readonly Point[], to: Point): readonly Point[] {
  const last = path.at(-1);
  const isNear = last !== undefined && Math.hypot(to.x - last.x, to.y - last.y) < STEP;
  return isNear ? path : [...path, to];
}

/** The corners of a rectangle between two pixels. */
export function cornersOf(from: Point, to: Point): readonly Point[] {
  return [from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y }];
}
