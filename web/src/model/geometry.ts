/** Boxes (x0, y0, x1, y1 in pixels of the upright image) and how they lie in the pictures that are shown. */

export type Box = readonly [number, number, number, number];

/** The part of an image that the picture of a crop's surroundings shows: `swath.core.crops.context_rect`. */
export function contextRect(box: Box, imageWidth: number, imageHeight: number, margin: number): Box {
  const [x0, y0, x1, y1] = box;
  const longer = Math.min(Math.max(x1 - x0, y1 - y0, 0), Number.MAX_VALUE);
  const grown = margin * longer;
  const [left, right] = outward(x0 - grown, x1 + grown, imageWidth);
  const [top, bottom] = outward(y0 - grown, y1 + grown, imageHeight);
  return [left, top, right, bottom];
}

/** The whole pixels of a side that an interval touches; the nearest one if it touches none. */
function outward(low: number, high: number, size: number): [number, number] {
  const first = Math.min(Math.floor(between(0, low, size)), size - 1);
  return [first, Math.max(Math.ceil(between(0, high, size)), first + 1)];
}

/** A box cut off at the edges of an image. */
export function clipped(box: Box, width: number, height: number): Box {
  return [
    between(0, box[0], width),
    between(0, box[1], height),
    between(0, box[2], width),
    between(0, box[3], height),
  ];
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
