import { LARGEST_TILE, SMALLEST_TILE } from '@/model/browsing';

/** Pixels of a tile as long as nobody has said anything: images need more room, their objects are small on them. */
export const DEFAULT_TILE = { crops: 128, images: 240 } as const;

const FACTOR = 1.25;

export function smallerTile(tile: number): number {
  return Math.max(SMALLEST_TILE, Math.round(tile / FACTOR));
}

export function largerTile(tile: number): number {
  return Math.min(LARGEST_TILE, Math.round(tile * FACTOR));
}
