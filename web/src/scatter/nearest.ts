/** The point nearest to a place, and the samples in a polygon: what the worker answers. */
import KDBush from 'kdbush';
import type { Point } from './camera';
import { HIDDEN, type Points } from './pointStates';
import { Polygon } from './polygon';

/** Shares of the reach that are tried one after the other: where points lie densely, the first has few of them. */
const WIDER = [0.15, 0.45, 1];

export class PointLookup {
  private readonly tree: KDBush;
  private states: Uint8Array | null = null;
  /** Of a bitmap with a bit for each sample. */
  private readonly byteCount: number;

  constructor(private readonly points: Points) {
    const { x, y } = points;
    this.tree = new KDBush(x.length, 64, Float32Array);
    for (let i = 0; i < x.length; i++) this.tree.add(x[i] as number, y[i] as number);
    this.tree.finish();
    this.byteCount = Math.ceil((points.samples.reduce((most, sample) => Math.max(most, sample), -1) + 1) / 8);
  }

  /** Hidden points are not found. */
  setStates(states: Uint8Array): void {
    this.states = states;
  }

  /** The point nearest to a place among those within reach (units of the map), or null. */
  nearest(place: Point, reach: number): number | null {
    if (this.points.x.length === 0) return null;
    for (const share of WIDER) {
      let found: number | null = null;
      let least = Infinity;
      for (const point of this.tree.within(place.x, place.y, reach * share)) {
        if (this.isHidden(point)) continue;
        const distance = this.squaredDistance(point, place);
        if (distance < least) {
          least = distance;
          found = point;
        }
      }
      if (found !== null) return found;
    }
    return null;
  }

  /** The samples whose points lie in a polygon, one bit each. */
  inside(vertices: readonly Point[]): Uint8Array<ArrayBuffer> {
    const { x, y, samples } = this.points;
    const polygon = new Polygon(vertices);
    const bits = new Uint8Array(this.byteCount);
    for (let point = 0; point < x.length; point++) {
      if (this.isHidden(point) || !polygon.has(x[point] as number, y[point] as number)) continue;
      const sample = samples[point] as number;
      bits[sample >> 3] = (bits[sample >> 3] as number) | (1 << (sample & 7));
    }
    return bits;
  }

  private isHidden(point: number): boolean {
    return this.states !== null && ((this.states[point] as number) & HIDDEN) !== 0;
  }

  private squaredDistance(point: number, place: Point): number {
    return (
      ((this.points.x[point] as number) - place.x) ** 2 + ((this.points.y[point] as number) - place.y) ** 2
    );
  }
}
