/** What one knows of a sample, in words. */
import type { Schemas } from '@/api/client';
import { clipped } from './geometry';
import { metadataLabel, withScoresApart } from './scoreWords';

type Crop = Schemas['CropDocument'];

/** The share of its image that the box of a crop covers, 0 to 1. */
export function shareOfImage({ box, parent_width, parent_height }: Crop): number {
  const [x0, y0, x1, y1] = clipped(box, parent_width, parent_height);
  const whole = parent_width * parent_height;
  return whole === 0 ? 0 : (Math.max(0, x1 - x0) * Math.max(0, y1 - y0)) / whole;
}

/** `12.5, 40 – 80, 96`: two corners, to the tenth of a pixel. */
export function boxInWords([x0, y0, x1, y1]: readonly number[]): string {
  const shown = [x0, y0, x1, y1].map((value) => String(Math.round((value ?? 0) * 10) / 10));
  return `${shown[0]}, ${shown[1]} – ${shown[2]}, ${shown[3]}`;
}

/** Metadata as lines: keys of nested objects are joined by dots, as filters spell them. */
export function flatMetadata(metadata: Readonly<Record<string, unknown>>): [key: string, value: string][] {
  return Object.entries(metadata).flatMap(([key, value]): [string, string][] => {
    if (isRecord(value)) {
      return flatMetadata(value).map(([inner, told]) => [`${key}.${inner}`, told]);
    }
    return [[key, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

export interface MetadataFact {
  key: string;
  name: string;
  value: string;
}

/** What is known of a sample under keys: scores by their names and to three digits, and what people attached. */
export function metadataFacts(metadata: Readonly<Record<string, unknown>>): {
  scores: MetadataFact[];
  others: MetadataFact[];
} {
  const flat = flatMetadata(metadata);
  const keys = flat.map(([key]) => key);
  const { scores, others } = withScoresApart(
    flat.map(([key, value]) => ({ key, name: metadataLabel(key, keys), value })),
  );
  return { scores: scores.map((fact) => ({ ...fact, value: shortNumber(fact.value) })), others };
}

function shortNumber(text: string): string {
  const number = Number(text);
  return text.trim() === '' || !Number.isFinite(number) ? text : String(Math.round(number * 1000) / 1000);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
