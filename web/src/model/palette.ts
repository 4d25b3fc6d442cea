/** Colours of categories and other labels: told apart by people with colour blindness, and the same everywhere. */

/** Okabe and Ito's colours and Tol's muted ones, in an order that keeps neighbours apart. */
const LIGHT = [
  '#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b8860b', '#332288', '#882255', '#44aa99',
  '#999933', '#aa4499', '#56b4e9', '#dc7633', '#117733', '#6699cc', '#a0522d', '#5f6b7a',
] as const; // prettier-ignore

/** The same, lighter where they would be lost on a dark ground. */
const DARK = [
  '#4aa8e0', '#f28e3c', '#2fc49a', '#e39cc5', '#e6c03a', '#8f86e8', '#d0628f', '#6fd0c0',
  '#cfcf5f', '#d77fd7', '#8fd0f5', '#f0a878', '#5cb870', '#a5c4e8', '#d08a60', '#a5b0bd',
] as const; // prettier-ignore

export type Scheme = 'light' | 'dark';

export const MISSING_COLOR: Record<Scheme, string> = { light: '#9aa3ad', dark: '#66707c' };

/** Colours of a scale from low to high; each step is lighter (on dark) or darker (on light) than the one before. */
const RAMP: Record<Scheme, readonly string[]> = {
  light: ['#d6e6c3', '#a8d5a2', '#74c29a', '#3fa796', '#1f8a8c', '#1b6c7f', '#224e6e', '#2b3157'],
  dark: ['#3b4a78', '#3d6a94', '#3b8aa3', '#42a8a4', '#63c39b', '#93d98e', '#c8ea8a', '#fdf6a3'],
};

/** The colour of the n-th label. Ids of categories serve as numbers, so a category keeps its colour as others come. */
export function colorAt(number: number, scheme: Scheme): string {
  const colors = scheme === 'dark' ? DARK : LIGHT;
  const place = ((Math.trunc(number) % colors.length) + colors.length) % colors.length;
  return colors[place] ?? MISSING_COLOR[scheme];
}

/** The colour of what has no number, like a tag: always the same for one id. */
export function colorOfId(id: string, scheme: Scheme): string {
  let number = 0;
  for (const character of id) number = (number * 31 + character.charCodeAt(0)) % 65_521;
  return colorAt(number, scheme);
}

/** The colour of a share from 0 to 1 of a scale. */
export function rampColor(share: number, scheme: Scheme): string {
  const ramp = RAMP[scheme];
  const clamped = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  const at = clamped * (ramp.length - 1);
  const low = Math.floor(at);
  return mixed(ramp[low] ?? '#000000', ramp[Math.min(low + 1, ramp.length - 1)] ?? '#000000', at - low);
}

function mixed(from: string, to: string, share: number): string {
  const channels = [1, 3, 5].map((at) => {
    const a = parseInt(from.slice(at, at + 2), 16);
    const b = parseInt(to.slice(at, at + 2), 16);
    return Math.round(a + (b - a) * share)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${channels.join('')}`;
}
