import { Bitmap } from '@/model/bitmap';
import type { Point } from './camera';
import type { Points } from './pointStates';

export type Question =
  | { kind: 'points'; points: Points }
  | { kind: 'states'; states: Uint8Array }
  | { kind: 'nearest'; id: number; place: Point; reach: number }
  | { kind: 'inside'; id: number; vertices: readonly Point[] };

export type Answer = { id: number; point: number | null } | { id: number; bits: Uint8Array<ArrayBuffer> };

/** Finds points by their place, in a worker. Questions are answered in turn. */
export class PointIndex {
  private readonly worker = new Worker(new URL('./index.worker.ts', import.meta.url), { type: 'module' });
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private lastId = 0;

  constructor() {
    this.worker.onmessage = ({ data: answer }: MessageEvent<Answer>) => {
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    };
  }

  setPoints(points: Points): void {
    this.tell({ kind: 'points', points });
  }

  setStates(states: Uint8Array): void {
    this.tell({ kind: 'states', states });
  }

  /** The point nearest to a place of the map, at most `reach` units away. */
  async nearest(place: Point, reach: number): Promise<number | null> {
    const answer = await this.ask((id) => ({ kind: 'nearest', id, place, reach }));
    return 'point' in answer ? answer.point : null;
  }

  /** The samples whose points lie in a polygon (units of the map) and are not hidden. */
  async inside(vertices: readonly Point[]): Promise<Bitmap> {
    const answer = await this.ask((id) => ({ kind: 'inside', id, vertices }));
    return 'bits' in answer ? new Bitmap(answer.bits) : new Bitmap();
  }

  destroy(): void {
    this.worker.terminate();
    this.waiting.clear();
  }

  private ask(question: (id: number) => Question): Promise<Answer> {
    const id = ++this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.tell(question(id));
    });
  }

  private tell(question: Question): void {
    this.worker.postMessage(question);
  }
}
