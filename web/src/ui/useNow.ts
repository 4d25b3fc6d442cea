import { useEffect, useState } from 'react';

/** The time, again and again while `isActive`. */
export function useNow(everyMs: number, isActive = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isActive) return;
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs, isActive]);
  return now;
}
