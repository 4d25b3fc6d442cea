import { useEffect, useState } from 'react';
import { ago, dateTime } from '@/model/format';

const EVERY_MS = 20_000;

/** How long ago something was; the exact time on hover. */
export function RelativeTime({ time }: { time: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), EVERY_MS);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <time dateTime={new Date(time).toISOString()} title={dateTime(time)}>
      {ago(time, Math.max(now, time))}
    </time>
  );
}
