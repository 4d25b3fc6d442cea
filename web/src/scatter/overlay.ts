/** What is drawn over the points: rings around some of them, and what the hand is drawing. */
import { toScreen, type Point, type Size, type View } from './camera';

const SVG = 'http://www.w3.org/2000/svg';

export type RingKind = 'hover' | 'focus' | 'neighbor';

const RADII: Record<RingKind, number> = { hover: 8, focus: 10, neighbor: 7 };

export interface Ring {
  readonly kind: RingKind;
  readonly at: Point;
}

export class Overlay {
  private readonly rings: SVGGElement;
  private readonly outline: SVGPathElement;
  private marked: readonly Ring[] = [];

  constructor(root: SVGSVGElement) {
    this.outline = document.createElementNS(SVG, 'path');
    this.rings = document.createElementNS(SVG, 'g');
    root.replaceChildren(this.outline, this.rings);
  }

  /** Put rings around places of the map, in place of those before. */
  mark(rings: readonly Ring[], view: View, size: Size): void {
    this.marked = rings;
    this.rings.replaceChildren(
      ...rings.map(({ kind }) => {
        const circle = document.createElementNS(SVG, 'circle');
        circle.dataset.kind = kind;
        circle.setAttribute('r', String(RADII[kind]));
        return circle;
      }),
    );
    this.follow(view, size);
  }

  /** Put the rings where their places are now. */
  follow(view: View, size: Size): void {
    this.marked.forEach(({ at }, number) => {
      const { x, y } = toScreen(view, size, at);
      const circle = this.rings.children[number];
      circle?.setAttribute('cx', x.toFixed(1));
      circle?.setAttribute('cy', y.toFixed(1));
    });
  }

  /** Show the outline that is being drawn (pixels); an empty one takes it away. */
  outlineAlong(path: readonly Point[]): void {
    const steps = path.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
    this.outline.setAttribute('d', steps.length < 2 ? '' : `M${steps.join('L')}Z`);
  }
}
