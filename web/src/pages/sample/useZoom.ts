import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useEffect, useRef, useState, type MouseEvent, type PointerEvent } from 'react';
import { fitted, panned, zoomed, type Size, type ZoomView } from '@/model/zoom';

const WHEEL_SPEED = 0.0016;
const STEP = 1.4;
/** A pointer that moved less than this has clicked. */
const CLICK_PX = 4;

/** Zoom with wheel, buttons and double click, move by dragging. Fits the pane until somebody does. */
export function useZoom(image: Size) {
  const { ref: sizeRef, width, height } = useElementSize<HTMLDivElement>();
  const element = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<ZoomView | null>(null);
  const drag = useRef<{ x: number; y: number; isMoving: boolean } | null>(null);
  const wasDragged = useRef(false);
  const pane = { width, height };
  const view = chosen ?? fitted(image, pane);

  const zoom = (factor: number, at = { x: width / 2, y: height / 2 }) =>
    setChosen(zoomed(view, factor, at, image, pane));
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const bounds = element.current?.getBoundingClientRect();
    if (bounds === undefined) return;
    zoom(Math.exp(-event.deltaY * WHEEL_SPEED), {
      x: event.clientX - bounds.left,
      y: event.clientY - bounds.top,
    });
  };
  const latestWheel = useRef(wheel);
  useEffect(() => {
    latestWheel.current = wheel;
  });
  useEffect(() => {
    const target = element.current;
    if (target === null) return;
    // React listens passively to wheels, and then the page would scroll, too.
    const listen = (event: WheelEvent) => latestWheel.current(event);
    target.addEventListener('wheel', listen, { passive: false });
    return () => target.removeEventListener('wheel', listen);
  }, []);

  return {
    ref: useMergedRef(sizeRef, element),
    pane,
    view,
    zoomIn: () => zoom(STEP),
    zoomOut: () => zoom(1 / STEP),
    fit: () => setChosen(null),
    handlers: {
      onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
        wasDragged.current = false;
        if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, isMoving: false };
      },
      onPointerMove: (event: PointerEvent<HTMLDivElement>) => {
        const from = drag.current;
        if (from === null) return;
        const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
        if (!from.isMoving && Math.hypot(dx, dy) < CLICK_PX) return;
        // Not before: whoever captures the pointer takes the click from the box below it.
        if (!from.isMoving) event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, y: event.clientY, isMoving: true };
        setChosen(panned(view, dx, dy, image, pane));
      },
      onPointerUp: () => {
        wasDragged.current = drag.current?.isMoving ?? false;
        drag.current = null;
      },
      onClickCapture: (event: MouseEvent) => {
        if (wasDragged.current) event.stopPropagation();
      },
      onDoubleClick: (event: MouseEvent<HTMLDivElement>) => {
        const bounds = event.currentTarget.getBoundingClientRect();
        const at = { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
        if (chosen === null) zoom(2.5, at);
        else setChosen(null);
      },
    },
  };
}
