import { Loader } from '@mantine/core';
import { Check } from 'lucide-react';
import type { Run } from '@/api/queries/runs';
import { duration } from '@/model/format';
import { stageStandings, type StageStanding } from '@/model/runs';
import classes from './Stages.module.css';

interface StagesProps {
  run: Run;
  /** Seconds by state in small letters, of the stages of which they are known. */
  seconds: Readonly<Record<string, number>> | null;
}

const STANDINGS: Record<StageStanding, string> = {
  done: 'done',
  current: 'under way',
  ahead: 'to come',
  skipped: 'not reached',
};

/** The stages of a run and where it is among them. */
export function Stages({ run, seconds }: StagesProps) {
  return (
    <ol className={classes.stages} aria-label="Stages">
      {stageStandings(run, seconds).map(({ stage, standing, seconds: took }, at) => (
        <li
          key={stage.state}
          className={classes.stage}
          data-standing={standing}
          aria-current={standing === 'current' ? 'step' : undefined}
        >
          <span className={classes.mark} role="img" aria-label={STANDINGS[standing]}>
            <Mark standing={standing} number={at + 1} />
          </span>
          <div className={classes.label}>{stage.label}</div>
          {took !== null && <div className={classes.time}>{duration(took * 1000)}</div>}
        </li>
      ))}
    </ol>
  );
}

function Mark({ standing, number }: { standing: StageStanding; number: number }) {
  if (standing === 'done') return <Check size={14} strokeWidth={3} />;
  if (standing === 'current') return <Loader size={12} />;
  return <>{number}</>;
}
