import { STANDING_WORDS, standingOf } from '@/model/runs';
import classes from './RunStateDot.module.css';

/** How a run stands, as a dot and a word. */
export function RunStateDot({ state }: { state: string }) {
  const standing = standingOf(state);
  return (
    <span className={classes.state} data-standing={standing}>
      <span className={classes.dot} aria-hidden />
      {STANDING_WORDS[standing]}
    </span>
  );
}
