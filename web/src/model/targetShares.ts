/** The shares that a balance aims at, as the server reads them. */

export type Target = Readonly<Record<string, number>>;

/** How much of all the named categories ask for, 1 and more: nothing is left for others. */
export function askedFor(target: Target): number {
  return Object.values(target).reduce((sum, share) => sum + share, 0);
}

/** What is left for the categories that are not named, together. */
export function leftForOthers(target: Target): number {
  const left = 1 - askedFor(target);
  return left > 1e-9 ? left : 0;
}

/** The share that a named category gets: what was asked for, of all where that is more than all. */
export function shareOf(target: Target, name: string): number {
  return (target[name] ?? 0) / Math.max(1, askedFor(target));
}

/** Most categories that a target begins with: more are easier added than removed. */
const MOST_AT_FIRST = 8;

/** Equal parts of the most frequent categories, to be changed from there; others share the rest. */
export function firstTarget(names: readonly { name: string }[]): Target {
  const share = Number((1 / Math.max(1, names.length)).toPrecision(4));
  return Object.fromEntries(names.slice(0, MOST_AT_FIRST).map(({ name }) => [name, share]));
}
