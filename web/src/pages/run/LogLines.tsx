import { Button } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { LogLine } from '@/api/queries/runs';
import { clockTime } from '@/model/log';
import classes from './LogTab.module.css';

const LINE_HEIGHT = 20;
const AT_END = 30;

/** Lines of a log, the end of it in sight until somebody scrolls up. Only what is in sight is drawn. */
export function LogLines({ lines }: { lines: readonly LogLine[] }) {
  const pane = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const [isFollowing, setFollowing] = useState(true);
  // Its functions are only used here, and nothing below is memoized.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => pane.current,
    estimateSize: () => LINE_HEIGHT,
    getItemKey: (at) => lines[at]?.number ?? at,
    overscan: 20,
  });
  useEffect(() => {
    if (isFollowing && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [isFollowing, lines.length, virtual]);
  const scrolled = () => {
    const at = pane.current;
    if (at === null) return;
    const isUp = at.scrollTop < lastTop.current - 1;
    lastTop.current = at.scrollTop;
    if (at.scrollHeight - at.scrollTop - at.clientHeight < AT_END) setFollowing(true);
    else if (isUp) setFollowing(false);
  };
  return (
    <div style={{ position: 'relative' }}>
      <div ref={pane} className={classes.log} onScroll={scrolled} tabIndex={0} role="log" aria-label="Log">
        <div style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const line = lines[index];
            if (line === undefined) return null;
            return (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                data-level={line.level}
                className={classes.line}
                style={{ transform: `translateY(${start}px)` }}
              >
                <span className={classes.time}>{clockTime(line.logged_at)}</span>
                <span className={classes.level}>{line.level}</span>
                <span className={classes.message}>{line.message}</span>
              </div>
            );
          })}
        </div>
      </div>
      {!isFollowing && (
        <Button
          size="xs"
          pos="absolute"
          bottom={14}
          right={22}
          leftSection={<ArrowDown size={14} />}
          onClick={() => setFollowing(true)}
        >
          Follow
        </Button>
      )}
    </div>
  );
}
