import type { Sample } from '@/api/queries/samples';
import { clipped, contextRect, type Box } from '@/model/geometry';
import { fitted, thumbnailSize } from '@/model/tiles';

/** Share of its longer side by which a crop's box grows to show what is around it. */
export const CONTEXT_MARGIN = 0.5;

/** The picture of a tile: where it comes from, how large it is shown, and which part of the image it is. */
export interface Picture {
  url: string;
  width: number;
  height: number;
  /** In pixels of the image that boxes are told in. */
  frame: Box;
  /** The box of the crop within its surroundings; null for everything else. */
  box: Box | null;
}

export function pictureOf(
  sample: Sample,
  most: { width: number; height: number },
  { withContext = false, pixelRatio = 1 }: { withContext?: boolean; pixelRatio?: number } = {},
): Picture {
  const { crop } = sample;
  if (withContext && crop !== null) {
    const frame = contextRect(crop.box, crop.parent_width, crop.parent_height, CONTEXT_MARGIN);
    const shown = fitted(frame[2] - frame[0], frame[3] - frame[1], most);
    const url = `${crop.context_url}&margin=${CONTEXT_MARGIN}&size=${sizeFor(shown, pixelRatio)}`;
    return { url, ...shown, frame, box: clipped(crop.box, crop.parent_width, crop.parent_height) };
  }
  const shown = fitted(sample.width, sample.height, most);
  const url = `${sample.thumbnail_url}&size=${sizeFor(shown, pixelRatio)}`;
  return { url, ...shown, frame: [0, 0, sample.width, sample.height], box: null };
}

function sizeFor({ width, height }: { width: number; height: number }, pixelRatio: number): number {
  return thumbnailSize(Math.max(width, height), pixelRatio);
}
