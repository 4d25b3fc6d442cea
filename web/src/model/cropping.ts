/** The rectangle that a run cuts out for a box, and where the box lies in it: `swath.core.crops.crop_rectangles`. */
import type { Box } from './geometry';

const ROUNDING = 1e6;
const rounded = (edge: number): number => Math.round(edge * ROUNDING) / ROUNDING;
const within = (value: number, most: number): number => Math.min(most, Math.max(0, value));

/** Box and image in pixels; `padding` grows width and height by this share of themselves, half on each side. */
export function cropRect(box: Box, imageWidth: number, imageHeight: number, padding: number): Box {
  const [x0, x1] = side(box[0], box[2], imageWidth, padding);
  const [y0, y1] = side(box[1], box[3], imageHeight, padding);
  return [x0, y0, x1, y1];
}

function side(low: number, high: number, size: number, padding: number): readonly [number, number] {
  const grow = ((high - low) * padding) / 2;
  const first = Math.min(Math.floor(rounded(within(low - grow, size))), size - 1);
  return [first, Math.max(Math.ceil(rounded(within(high + grow, size))), first + 1)];
}

/** A box in shares of the crop that shows it: left, top, width, height, each from 0 to 1. */
export function boxInCrop(box: Box, crop: Box): { left: number; top: number; width: number; height: number } {
  const width = crop[2] - crop[0];
  const height = crop[3] - crop[1];
  const x = (value: number) => within((value - crop[0]) / width, 1);
  const y = (value: number) => within((value - crop[1]) / height, 1);
  return { left: x(box[0]), top: y(box[1]), width: x(box[2]) - x(box[0]), height: y(box[3]) - y(box[1]) };
}
