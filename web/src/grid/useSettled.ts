import { useEffect, useRef, useState } from 'react';

/**
 * A value once it has rested for a while, or, of one that never rests, every now and then. The very first counts at once.
 */
export function useSettled<Value>(value: Value, restMs: number, everyMs: number): Value {
  const [settled, setSettled] = useState(value);
  const unsettledSince = useRef<number | null>(null);
  useEffect(() => {
    if (Object.is(value, settled)) {
      unsettledSince.current = null;
      return;
    }
    const now = Date.now();
    unsettledSince.current ??= now;
    const patience = Math.max(0, unsettledSince.current + everyMs - now);
    const timer = window.setTimeout(
      () => {
        unsettledSince.current = null;
        setSettled(value);
      },
      Math.min(restMs, patience),
    );
    return () => window.clearTimeout(timer);
  }, [value, settled, restMs, everyMs]);
  return settled;
}
