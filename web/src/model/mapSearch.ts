/** What the address of the embedding view says beside what all pages with samples say. */

export interface MapSearch {
  /** Projection; left out: the newest. */
  proj?: string;
  /** Column that colours the points; left out: the category of crops, the number of objects of images. */
  color?: string;
  /** Middle of the view and units of the map per pixel; left out: everything fits. */
  vp?: [number, number, number];
}

export function parseMap(search: Record<string, unknown>): MapSearch {
  const found: MapSearch = {};
  if (typeof search.proj === 'string' && search.proj !== '') found.proj = search.proj;
  if (typeof search.color === 'string' && search.color !== '') found.color = search.color;
  if (isView(search.vp)) found.vp = search.vp;
  return found;
}

function isView(value: unknown): value is [number, number, number] {
  return (
    Array.isArray(value) &&
    value.length === 3 &&
    value.every((number) => typeof number === 'number' && Number.isFinite(number)) &&
    (value[2] as number) > 0
  );
}
