/** Which points lie in a polygon: exactly those that the server finds (`swath.core.browsing.polygons`). */
import type { Point } from './camera';

/** Heights are divided into so many bands, each with the edges that cross it. */
const BANDS = 512;

interface Edge {
  readonly xi: number;
  readonly yi: number;
  readonly xj: number;
  readonly yj: number;
}

/** A polygon whose last vertex joins the first; edges may cross each other (even-odd rule). */
export class Polygon {
  private readonly low: number;
  private readonly high: number;
  private readonly bands: readonly (readonly Edge[])[];

  constructor(vertices: readonly Point[]) {
    const heights = vertices.map((vertex) => vertex.y);
    this.low = Math.min(...heights);
    this.high = Math.max(...heights);
    this.bands = vertices.length < 3 ? [] : this.inBands(edgesOf(vertices));
  }

  /**
   * Whether a point is inside, after an odd number of edges passes it on the right. The formula is the server's, to the
   * last bit. Edges of other bands cannot change the result: they do not cross the height of the point.
   */
  has(x: number, y: number): boolean {
    if (y < this.low || y > this.high) return false;
    const edges = this.bands[this.bandOf(y)];
    if (edges === undefined) return false;
    let isInside = false;
    for (const { xi, yi, xj, yj } of edges) {
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) isInside = !isInside;
    }
    return isInside;
  }

  private bandOf(y: number): number {
    return Math.min(BANDS - 1, Math.floor(((y - this.low) / (this.high - this.low)) * BANDS));
  }

  private inBands(edges: readonly Edge[]): Edge[][] {
    const bands: Edge[][] = Array.from({ length: BANDS }, () => []);
    for (const edge of edges) {
      const last = this.bandOf(Math.max(edge.yi, edge.yj));
      for (let band = this.bandOf(Math.min(edge.yi, edge.yj)); band <= last; band++) bands[band]?.push(edge);
    }
    return bands;
  }
}

/** Edges from the vertex before to each vertex; horizontal ones are crossed by nothing. */
function edgesOf(vertices: readonly Point[]): Edge[] {
  return vertices
    .map((vertex, at) => {
      const before = vertices.at(at - 1) ?? vertex;
      return { xi: vertex.x, yi: vertex.y, xj: before.x, yj: before.y };
    })
    .filter(({ yi, yj }) => yi !== yj);
}
