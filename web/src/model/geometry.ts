/** Boxes (x0, y0, x1, y1 in pixels of the upright image) and how they lie in the pictures that are shown. */

export type Box = readonly [number, number, number, number];

/** The part of an image that the picture of a crop's surroundings shows: `swath.core.crops.context_rect`. */
export function contextRect(box: Box, imageWidth: number, imageHeight: number, margin: number): Box {
  const [x0, y0, x1, y1] = box;
  const grown = margin * Math.max(x1 - x0, y1 - y0);
  const left = Math.max(0, Math.floor(x0 - grown));
  const top = Math.max(0, Math.floor(y0 - grown));
  return [
    left,
    top,
    Math.max(left + 1, Math.min(imageWidth, Math.ceil(x1 + grown))),
    Math.max(top + 1, Math.min(imageHeight, Math.ceil(y1 + grown))),
  ];
}

/** A box cut off at the edges of an image. */
export function clipped(box: Box, width: number, height: number): Box {
  const x = (value: number) => Math.min(width, Math.max(0, value));
  const y = (value: number) => Math.min(height, Math.max(0, value));
  return [x(box[0]), y(box[1]), x(box[2]), y(box[3])];
}
