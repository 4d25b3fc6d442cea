/** How many points a frame may draw, so that a frame takes about as long as it should. */

/** While the view moves: about thirty frames a second. */
export const MOVING_MS = 30;
/** At rest the picture is completed in slices, short enough to begin to move in between. */
export const RESTING_MS = 80;

const FEWEST = 5000;
const FIRST_GUESS = 50_000;

export class FrameBudget {
  private pointsPerMs = FIRST_GUESS / MOVING_MS;

  /** Points for a frame of so many milliseconds. */
  points(ms: number): number {
    return Math.max(FEWEST, Math.floor(this.pointsPerMs * ms));
  }

  /** Learn from a frame. Slow ones count at once, quick ones bit by bit: a stutter is worse than a few points less. */
  learn(drawn: number, ms: number): void {
    if (drawn < FEWEST) return;
    const seen = drawn / Math.max(1, ms);
    this.pointsPerMs *= Math.min(2, Math.max(0.4, seen / this.pointsPerMs));
  }
}
