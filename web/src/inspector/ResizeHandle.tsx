import { useRef, type PointerEvent } from 'react';
import classes from './Inspector.module.css';
import { NARROWEST, WIDEST } from './useWidth';

const STEP = 24;

interface ResizeHandleProps {
  width: number;
  onWidth: (width: number) => void;
}

/** The left edge of the inspector, to be dragged or moved by arrows. */
export function ResizeHandle({ width, onWidth }: ResizeHandleProps) {
  const start = useRef<{ x: number; width: number } | null>(null);
  const begin = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, width };
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (start.current !== null) onWidth(start.current.width + start.current.x - event.clientX);
  };
  return (
    <div
      className={classes.handle}
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the inspector"
      aria-valuenow={width}
      aria-valuemin={NARROWEST}
      aria-valuemax={WIDEST}
      tabIndex={0}
      onPointerDown={begin}
      onPointerMove={drag}
      onPointerUp={() => (start.current = null)}
      onPointerCancel={() => (start.current = null)}
      onKeyDown={(event) => {
        const by = event.key === 'ArrowLeft' ? STEP : event.key === 'ArrowRight' ? -STEP : 0;
        if (by === 0) return;
        event.preventDefault();
        onWidth(width + by);
      }}
    />
  );
}
