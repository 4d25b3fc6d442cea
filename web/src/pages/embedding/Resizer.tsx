import { useRef, type KeyboardEvent, type PointerEvent } from 'react';
import classes from './Embedding.module.css';

const STEP = 24;

interface ResizerProps {
  /** Pixels of what lies to the right. */
  width: number;
  min: number;
  max: number;
  label: string;
  onWidth: (width: number) => void;
}

/** A line between two panels that can be moved, by hand or with arrow keys. */
export function Resizer({ width, min, max, label, onWidth }: ResizerProps) {
  const from = useRef<{ x: number; width: number } | null>(null);
  const set = (wanted: number) => onWidth(Math.round(Math.min(max, Math.max(min, wanted))));
  const press = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    from.current = { x: event.clientX, width };
  };
  const move = (event: PointerEvent) => {
    if (from.current !== null) set(from.current.width + from.current.x - event.clientX);
  };
  const lift = () => {
    from.current = null;
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    event.preventDefault();
    set(width + (event.key === 'ArrowLeft' ? STEP : -STEP));
  };
  return (
    <div
      className={classes.handle}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={lift}
      onPointerCancel={lift}
      onKeyDown={key}
    />
  );
}
