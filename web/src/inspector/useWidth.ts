import { useState } from 'react';

const KEY = 'swath-inspector-width';
export const NARROWEST = 300;
export const WIDEST = 760;
const USUAL = 380;

/** How wide the inspector is, kept by the browser. */
export function useWidth(): [number, (width: number) => void] {
  const [width, setWidth] = useState(kept);
  const change = (wanted: number) => {
    const fitting = Math.round(Math.min(WIDEST, Math.max(NARROWEST, wanted)));
    setWidth(fitting);
    try {
      localStorage.setItem(KEY, String(fitting));
    } catch {
      // Storage may be forbidden; then a reload forgets the width.
    }
  };
  return [width, change];
}

function kept(): number {
  try {
    const width = Number(localStorage.getItem(KEY) ?? USUAL);
    return width >= NARROWEST && width <= WIDEST ? width : USUAL;
  } catch {
    return USUAL;
  }
}
