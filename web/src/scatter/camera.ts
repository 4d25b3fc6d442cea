/** Which part of the map is seen: from its units (y upwards) to CSS pixels of the canvas (y downwards) and back. */

export interface View {
  /** The middle of what is seen, in units of the map. */
  readonly x: number;
  readonly y: number;
  /** Units of the map per CSS pixel. */
  readonly scale: number;
}

/** In CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Bounds {
  readonly low: Point;
  readonly high: Point;
}

/** Free pixels around a map that fits. */
const MARGIN = 36;
/** How much nearer than a view that fits, and how much further, one can go. */
const NEAREST = 5000;
const FURTHEST = 4;

export function toScreen(view: View, size: Size, point: Point): Point {
  return {
    x: size.width / 2 + (point.x - view.x) / view.scale,
    y: size.height / 2 - (point.y - view.y) / view.scale,
  };
}

export function toMap(view: View, size: Size, pixel: Point): Point {
  return {
    x: view.x + (pixel.x - size.width / 2) * view.scale,
    y: view.y - (pixel.y - size.height / 2) * view.scale,
  };
}

/** The view in which everything is seen. A single point, or none, is seen in the middle. */
export function fitting(bounds: Bounds | null, size: Size): View {
  if (bounds === null) return { x: 0, y: 0, scale: 1 };
  const width = bounds.high.x - bounds.low.x;
  const height = bounds.high.y - bounds.low.y;
  const scale = Math.max(
    width / Math.max(1, size.width - 2 * MARGIN),
    height / Math.max(1, size.height - 2 * MARGIN),
  );
  const x = bounds.low.x + width / 2;
  const y = bounds.low.y + height / 2;
  return { x, y, scale: scale > 0 ? scale : Math.max(Math.abs(x), Math.abs(y), 1) / 1000 };
}

/** The view after the map was dragged by some pixels. */
export function dragged(view: View, byX: number, byY: number): View {
  return { ...view, x: view.x - byX * view.scale, y: view.y + byY * view.scale };
}

/** The view `factor` times nearer, with the same place of the map under a pixel; `whole` is the view that fits. */
export function zoomed(view: View, size: Size, pixel: Point, factor: number, whole: View): View {
  const nearest = whole.scale / NEAREST;
  const furthest = whole.scale * FURTHEST;
  const scale = Math.min(furthest, Math.max(nearest, view.scale / factor));
  const held = toMap(view, size, pixel);
  return {
    x: held.x - (pixel.x - size.width / 2) * scale,
    y: held.y + (pixel.y - size.height / 2) * scale,
    scale,
  };
}

/** The least rectangle around all points, or null for none. */
export function boundsOf(x: Float32Array, y: Float32Array): Bounds | null {
  if (x.length === 0) return null;
  let lowX = Infinity;
  let lowY = Infinity;
  let highX = -Infinity;
  let highY = -Infinity;
  for (let i = 0; i < x.length; i++) {
    const atX = x[i] as number;
    const atY = y[i] as number;
    if (atX < lowX) lowX = atX;
    if (atX > highX) highX = atX;
    if (atY < lowY) lowY = atY;
    if (atY > highY) highY = atY;
  }
  return { low: { x: lowX, y: lowY }, high: { x: highX, y: highY } };
}
