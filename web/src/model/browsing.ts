/** What the address of a page that shows samples says: filter, order, size of tiles, what is in focus. */
import type { Schemas } from '@/api/client';

export type Filter = Schemas['FilterDocument'];
export type Sort = Schemas['Sort'];

export interface BrowsingSearch {
  /** The filter; left out where nothing is asked for. */
  q?: Filter;
  sort?: Sort;
  /** Pixels of a tile. */
  tile?: number;
  /** Show crops with their surroundings. */
  context?: boolean;
  /** Draw boxes over images; left out: yes. */
  boxes?: boolean;
  /** Sample that the inspector shows. */
  focus?: string;
  /** A stored selection that is picked when the page opens. */
  sel?: string;
  /** The saved view that was opened; the rest may have been changed since. */
  view?: string;
}

export const SMALLEST_TILE = 48;
export const LARGEST_TILE = 400;

/** What can be used of an address that somebody may have written by hand. */
export function parseBrowsing(search: Record<string, unknown>): BrowsingSearch {
  const found: BrowsingSearch = {};
  if (isRecord(search.q) && Object.keys(search.q).length > 0) found.q = search.q as Filter;
  if (isRecord(search.sort) && typeof search.sort.key === 'string') found.sort = search.sort as Sort;
  const tile = Number(search.tile);
  if (search.tile !== undefined && Number.isFinite(tile)) {
    found.tile = Math.round(Math.min(LARGEST_TILE, Math.max(SMALLEST_TILE, tile)));
  }
  if (search.context === true) found.context = true;
  if (search.boxes === false) found.boxes = false;
  if (isId(search.focus)) found.focus = search.focus;
  if (isId(search.sel)) found.sel = search.sel;
  if (isId(search.view)) found.view = search.view;
  return found;
}

export function isEmptyFilter(filter: Filter | undefined): boolean {
  return filter === undefined || tidied(filter) === undefined;
}

/** A filter without the lines that ask for nothing; undefined if none is left. */
export function tidied(filter: Filter): Filter | undefined {
  const lines = Object.entries(filter).filter(([line, value]) => asksForSomething(line, value));
  return lines.length === 0 ? undefined : (Object.fromEntries(lines) as Filter);
}

/** Of metadata there may be any number of conditions, also none; other empty lists let nothing pass. */
function asksForSomething(line: string, value: unknown): boolean {
  if (value === null || value === undefined) return false;
  return line !== 'metadata' || !Array.isArray(value) || value.length > 0;
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{24}$/.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
