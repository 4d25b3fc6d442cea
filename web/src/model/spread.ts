/** Indices of a few of many, evenly spread and each in the middle of its part, in order. */
export function spreadIndices(total: number, most: number): number[] {
  const number = Math.min(Math.max(0, total), most);
  return Array.from({ length: number }, (_, part) => Math.floor(((part + 0.5) * total) / number));
}
