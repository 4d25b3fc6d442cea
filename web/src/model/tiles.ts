/** How tiles fill a grid, and how pictures fill tiles. */

export interface Tiling {
  columns: number;
  /** Pixels of a tile without what is around it. */
  width: number;
  height: number;
  gap: number;
  /** Pixels below the picture for words; 0 where tiles are too small for any. */
  caption: number;
  /** Pixels from one row to the next. */
  rowHeight: number;
}

const CAPTION = 24;
const SMALLEST_WITH_CAPTION = 88;

/** Tiles of about a wanted width that fill a width exactly; `aspect` is the height of a picture divided by its width. */
export function tilingOf(available: number, wanted: number, aspect: number): Tiling {
  const gap = wanted < SMALLEST_WITH_CAPTION ? 4 : 10;
  const columns = Math.max(1, Math.round((available + gap) / (wanted + gap)));
  const width = Math.max(16, Math.floor((available - gap * (columns - 1)) / columns));
  const height = Math.round(width * aspect);
  const caption = width < SMALLEST_WITH_CAPTION ? 0 : CAPTION;
  return { columns, width, height, gap, caption, rowHeight: height + caption + gap };
}

/** The largest size of a shape within bounds, in whole pixels. */
export function fitted(
  width: number,
  height: number,
  most: { width: number; height: number },
): { width: number; height: number } {
  const scale = Math.min(most.width / Math.max(1, width), most.height / Math.max(1, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/** Few sizes, so that pictures that were loaded once serve tiles of about the same size. */
const SIZES = [64, 96, 128, 192, 256, 384, 512];

/** The size of a thumbnail to ask for, for a picture whose longer side is shown at so many pixels. */
export function thumbnailSize(pixels: number, pixelRatio: number): number {
  const wanted = pixels * Math.min(pixelRatio, 2);
  return SIZES.find((size) => size >= wanted * 0.9) ?? 512;
}
