import type { MapSurface } from '@/scatter/surface';
import type { Tool } from '@/scatter/gestures';
import { ZOOM_STEP } from '@/scatter/ToolBar';
import { useKeys } from '@/ui/useKeys';

interface MapKeys {
  surface: MapSurface | null;
  onTool: (tool: Tool) => void;
  /** Undo one step of what is shown or picked. */
  onPeel: () => void;
  /** Show what is most similar to the point in question. */
  onSimilar: () => void;
}

/** The keys of the map. */
export function useMapKeys({ surface, onTool, onPeel, onSimilar }: MapKeys): void {
  useKeys({
    v: () => onTool('pan'),
    l: () => onTool('lasso'),
    r: () => onTool('rectangle'),
    f: () => surface?.fit(),
    '+': () => surface?.zoom(ZOOM_STEP),
    '=': () => surface?.zoom(ZOOM_STEP),
    '-': () => surface?.zoom(1 / ZOOM_STEP),
    c: () => document.querySelector<HTMLElement>('[data-colors]')?.focus(),
    n: onSimilar,
    Escape: () => {
      if (surface?.abort() !== true) onPeel();
    },
  });
}
