/** What points can be coloured by, and in which colours. */
import { colorAt, MISSING_COLOR, rampColor, type Scheme } from '@/model/palette';
import type { Rgb } from './graphics';

/** Colours by where the points lie densely and by what is picked; the others are columns of the server. */
export const DENSITY = 'density';
export const PICKED_COLUMN = 'picked';

export type ColumnKind =
  /** Each label has a colour of its own. */
  | 'labels'
  /** The labels are steps of a scale, in order. */
  | 'scale'
  /** No and yes. */
  | 'flag';

export type EntryKind = 'label' | 'other' | 'missing';

/** What a code stands for, as the server tells it. */
export interface CodedEntry {
  readonly code: number;
  readonly kind: EntryKind;
  readonly label: string;
  readonly count: number;
}

export interface LegendItem extends CodedEntry {
  /** A CSS colour, `#rrggbb`. */
  readonly color: string;
}

export interface Naming {
  readonly kind: ColumnKind;
  /** The number that decides on the colour of a label (a category: its id); left out: the code. */
  numberOf?(label: string): number | undefined;
  /** What people read for a label; left out: the label. */
  titleOf?(label: string): string;
}

const OTHER_COLOR: Record<Scheme, string> = { light: '#6b7480', dark: '#8b95a1' };
const NO_COLOR: Record<Scheme, string> = { light: '#98a1ac', dark: '#4c5561' };
const YES_COLOR: Record<Scheme, string> = { light: '#d55e00', dark: '#f2a24d' };
const PICKED_COLOR: Record<Scheme, string> = { light: '#0f6f5e', dark: '#5dcbb3' };
const DENSITY_PICKED: Record<Scheme, string> = { light: '#d55e00', dark: '#ffb454' };

export function legendItems(entries: readonly CodedEntry[], naming: Naming, scheme: Scheme): LegendItem[] {
  const steps = entries.filter((entry) => entry.kind === 'label').length;
  return entries.map((entry) => ({
    ...entry,
    label: titleOf(entry, naming),
    color: colorOf(entry, naming, steps, scheme),
  }));
}

function titleOf(entry: CodedEntry, { titleOf }: Naming): string {
  if (entry.kind === 'other') return 'All others';
  if (entry.kind === 'missing') return 'Without a value';
  return titleOf?.(entry.label) ?? entry.label;
}

function colorOf(entry: CodedEntry, naming: Naming, steps: number, scheme: Scheme): string {
  if (entry.kind === 'other') return OTHER_COLOR[scheme];
  if (entry.kind === 'missing') return MISSING_COLOR[scheme];
  if (naming.kind === 'scale') return rampColor(steps > 1 ? entry.code / (steps - 1) : 1, scheme);
  if (naming.kind === 'flag') return entry.code === 0 ? NO_COLOR[scheme] : YES_COLOR[scheme];
  return colorAt(naming.numberOf?.(entry.label) ?? entry.code, scheme);
}

/** The legend of what is picked, which the browser knows without asking. */
export function pickedEntries(picked: number, points: number, scheme: Scheme): LegendItem[] {
  return [
    { code: 0, kind: 'label', label: 'Not picked', count: points - picked, color: NO_COLOR[scheme] },
    { code: 1, kind: 'label', label: 'Picked', count: picked, color: PICKED_COLOR[scheme] },
  ];
}

/** The colours of 256 codes, RGBA; codes without an entry have that of missing values. */
export function colorTable(items: readonly LegendItem[], scheme: Scheme): Uint8Array {
  const colors = Array.from({ length: 256 }, () => MISSING_COLOR[scheme]);
  for (const item of items) colors[item.code] = item.color;
  return asBytes(colors);
}

/** Where density is shown, picked points stand out from all of its colours. */
export function densityTable(scheme: Scheme): Uint8Array {
  return asBytes(Array.from({ length: 256 }, () => DENSITY_PICKED[scheme]));
}

/** The scale from low to high, RGBA. */
export function rampTable(scheme: Scheme): Uint8Array {
  return asBytes(Array.from({ length: 256 }, (_, step) => rampColor(step / 255, scheme)));
}

function asBytes(colors: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(colors.length * 4);
  colors.forEach((color, at) => bytes.set([...channels(color), 255], at * 4));
  return bytes;
}

function channels(color: string): [number, number, number] {
  const number = parseInt(color.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/** A computed CSS colour (`rgb(21, 24, 30)`) as the graphics processor takes it. */
export function parsedRgb(css: string): Rgb {
  const [red = 255, green = 255, blue = 255] = (css.match(/[\d.]+/g) ?? []).map(Number);
  return [red / 255, green / 255, blue / 255];
}

/** Hide what is shown and show what is hidden. */
export function toggled(hidden: ReadonlySet<number>, code: number): ReadonlySet<number> {
  const changed = new Set(hidden);
  if (!changed.delete(code)) changed.add(code);
  return changed;
}

/** Show one alone; again, all. */
export function soloed(
  hidden: ReadonlySet<number>,
  code: number,
  codes: readonly number[],
): ReadonlySet<number> {
  const others = codes.filter((other) => other !== code);
  const isAlone = !hidden.has(code) && others.every((other) => hidden.has(other));
  return new Set(isAlone ? [] : others);
}
