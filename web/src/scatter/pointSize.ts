/** How large points are drawn: few ones large enough to see, many ones small enough to tell apart. */

const SMALLEST = 1.7;
const LARGEST_AT_FIRST = 8;
const LARGEST = 14;

/** CSS pixels across a point; `nearer` is how many times nearer than the view that fits. */
export function pointSize(points: number, area: number, nearer: number): number {
  const fitting = 0.42 * Math.sqrt(area / Math.max(1, points));
  const base = Math.min(LARGEST_AT_FIRST, Math.max(SMALLEST, fitting));
  return Math.min(LARGEST, Math.max(SMALLEST, base * Math.max(1, nearer) ** 0.35));
}

/** How opaque points are: many that lie over each other let through where there are more. */
export function pointAlpha(points: number): number {
  if (points <= 5000) return 0.9;
  return Math.max(0.55, 0.9 - 0.12 * Math.log10(points / 5000));
}
