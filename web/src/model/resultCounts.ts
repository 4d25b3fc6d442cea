/** What became of the images and objects of a run: what came in, what went out and why, and what is left. */
import type { Schemas } from '@/api/client';

export interface CountRow {
  label: string;
  value: number;
  /** `in`: what there was; `out`: taken away; `left`: what was gone on with. */
  role: 'in' | 'out' | 'left';
}

/** Every image that was listed, to the ones that were used. Reasons that took nothing away are left out. */
export function imageRows(images: Schemas['ImageCounts']): CountRow[] {
  const { listed = 0, new: fresh = 0, used = 0 } = images;
  return [
    { label: 'Images listed', value: listed, role: 'in' },
    ...reasons([
      ['dealt with by earlier runs', listed - fresh],
      ['unreadable', images.unreadable],
      ['exact duplicates', images.duplicate],
      ['without predictions', images.without_predictions],
      ['with bad prediction files', images.bad_predictions],
    ]),
    { label: 'Images used', value: used, role: 'left' },
  ];
}

/** Every object of the used images, to the ones that could be selected. */
export function objectRows(objects: Schemas['ObjectCounts']): CountRow[] {
  return [
    { label: 'Objects found', value: objects.found ?? 0, role: 'in' },
    ...reasons([
      ['outside their image', objects.outside],
      ['without an area', objects.zero_area],
      ['left out by filters', objects.filtered],
    ]),
    { label: 'Objects used', value: objects.used ?? 0, role: 'left' },
  ];
}

/** From what could be selected to what was. */
export function selectionRows(
  result: { candidates?: number; selected?: number; objects?: Schemas['ObjectCounts'] },
  unit: string,
): CountRow[] {
  const candidates = result.candidates ?? 0;
  return [
    { label: `Candidates (${unit})`, value: candidates, role: 'in' },
    ...reasons([['not selected', candidates - (result.selected ?? 0)]]),
    { label: 'Selected', value: result.selected ?? 0, role: 'left' },
  ];
}

function reasons(rows: readonly (readonly [string, number | undefined])[]): CountRow[] {
  return rows.flatMap(([label, value]) =>
    value !== undefined && value > 0 ? [{ label, value, role: 'out' as const }] : [],
  );
}

/** A document as paths and values, one line each: `object_level.padding` is `0.1`. */
export function flattened(document: unknown, path = ''): [string, string][] {
  if (Array.isArray(document) && document.some((item) => typeof item === 'object' && item !== null)) {
    return document.flatMap((item, at) => flattened(item, `${path}.${at + 1}`));
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return Object.entries(document).flatMap(([key, value]) =>
      flattened(value, path === '' ? key : `${path}.${key}`),
    );
  }
  return [[path, inWords(document)]];
}

function inWords(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return Array.isArray(value) ? value.map(inWords).join(', ') : String(value);
}
