import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import type { View } from './camera';
import type { Rgb } from './graphics';
import type { Tool } from './gestures';
import { parsedRgb } from './columns';
import type { Points, PointStates } from './pointStates';
import type { Drawing } from './renderer';
import { MapSurface, type SurfaceListeners } from './surface';
import type { Ring } from './overlay';
import classes from './Scatter.module.css';

export interface Mark {
  kind: Ring['kind'];
  point: number;
}

interface ScatterProps {
  points: Points;
  codes: Uint8Array | null;
  states: PointStates;
  /** RGBA of 256 codes, and of the scale of densities. */
  colors: Uint8Array;
  ramp: Uint8Array;
  drawing: Drawing;
  tool: Tool;
  marks: readonly Mark[];
  /** Where to look when points come; null: as everything fits. */
  view: View | null;
  label: string;
  listeners: SurfaceListeners;
  /** The map, for whoever moves it from outside; null when it goes away. */
  onSurface: (surface: MapSurface | null) => void;
  /** What lies over the map. */
  children?: ReactNode;
}

/** Points on a map that can be moved, pointed at and drawn around. */
export function Scatter(props: ScatterProps) {
  const { points, codes, states, colors, ramp, drawing, tool, marks, label, children } = props;
  const { surface, attach, isHovering } = useSurface(props);
  const view = useRef(props.view);

  useEffect(() => {
    view.current = props.view;
  });
  useEffect(() => surface?.setPoints(points, view.current), [surface, points]);
  useEffect(() => {
    if (codes !== null) surface?.renderer.setCodes(codes);
  }, [surface, points, codes]);
  useEffect(() => surface?.setStates(states), [surface, points, states]);
  useEffect(() => surface?.renderer.setColors(colors, ramp, groundOf(surface)), [surface, colors, ramp]);
  useEffect(() => surface?.renderer.setDrawing(drawing), [surface, drawing]);
  useEffect(() => surface?.setTool(tool), [surface, tool]);
  useEffect(() => surface?.mark(marks), [surface, points, marks]);

  return (
    <div className={classes.scatter}>
      <div ref={attach} style={{ display: 'contents' }}>
        <canvas
          className={classes.canvas}
          data-tool={tool}
          data-hovers={isHovering || undefined}
          tabIndex={0}
          role="application"
          aria-label={label}
        />
        <svg className={classes.overlay} aria-hidden />
      </div>
      {children}
    </div>
  );
}

function groundOf(surface: MapSurface): Rgb {
  return parsedRgb(surface.ground);
}

/** The surface on the canvas, as long as that is there. Listeners may change at any time. */
function useSurface({ listeners, onSurface }: Pick<ScatterProps, 'listeners' | 'onSurface'>) {
  const [surface, setSurface] = useState<MapSurface | null>(null);
  const [isHovering, setHovering] = useState(false);
  const latest = useRef({ listeners, onSurface });
  useEffect(() => {
    latest.current = { listeners, onSurface };
  });
  const attach = useCallback((frame: HTMLDivElement) => {
    const [canvas, overlay] = frame.children;
    if (!(canvas instanceof HTMLCanvasElement) || !(overlay instanceof SVGSVGElement)) return;
    const made = new MapSurface(canvas, overlay, {
      onHover: (hovered) => {
        setHovering(hovered !== null);
        latest.current.listeners.onHover(hovered);
      },
      onClick: (point) => latest.current.listeners.onClick(point),
      onDrawn: (...drawn) => latest.current.listeners.onDrawn(...drawn),
      onView: (view) => latest.current.listeners.onView(view),
      onFrame: (isComplete) => latest.current.listeners.onFrame(isComplete),
    });
    setSurface(made);
    latest.current.onSurface(made);
    return () => {
      made.destroy();
      latest.current.onSurface(null);
    };
  }, []);
  return { surface, attach, isHovering };
}
