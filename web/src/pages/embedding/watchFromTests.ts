/** What tests in a browser may ask of the map; there only if the test said so before the page began. */
import type { MapPoints } from '@/api/points';
import type { MapSurface } from '@/scatter/surface';

declare global {
  interface Window {
    __SWATH_E2E__?: boolean;
    __swath?: object;
  }
}

export function watchFromTests(surface: MapSurface, points: MapPoints): () => void {
  if (window.__SWATH_E2E__ !== true) return () => undefined;
  window.__swath = {
    /** Pixels of the canvas where a sample is, or null. */
    project: (sample: number) => {
      const point = points.pointOf[sample];
      return point === undefined || point < 0 ? null : surface.project(point);
    },
    isBusy: () => surface.isBusy,
    counts: () => surface.counts,
    view: () => surface.currentView,
    /** Without levels of detail every frame draws every point. */
    setLevels: (on: boolean) => {
      surface.renderer.hasLevels = on;
    },
  };
  return () => {
    delete window.__swath;
  };
}
