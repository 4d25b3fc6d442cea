import { Text } from '@mantine/core';
import type { Run } from '@/api/queries/runs';
import { duration } from '@/model/format';
import { aboutTime, kindWords, remainingMs, standingOf, stateSentence, tookMs } from '@/model/runs';
import { RelativeTime } from '@/ui/RelativeTime';
import { doneOfTotal, RunProgress } from '@/ui/RunProgress';
import { RunStateDot } from '@/ui/RunStateDot';
import { TextLink } from '@/ui/TextLink';
import { RunMenu } from './RunMenu';
import classes from './RunTable.module.css';

export function RunRow({ run, now }: { run: Run; now: number }) {
  const took = tookMs(run, now);
  return (
    <tr>
      <td className={classes.what}>
        <TextLink to="/runs/$run" params={{ run: run.id }} fw={500} size="sm">
          {datasetNames(run)}
        </TextLink>
        <div className={classes.sub}>
          {kindWords(run)}
          {run.task !== null && ` · ${run.task}`}
        </div>
      </td>
      <td className={classes.state}>
        <RunStanding run={run} />
      </td>
      <td>{workerName(run)}</td>
      <td>{took === null ? '–' : duration(took)}</td>
      <td style={{ whiteSpace: 'nowrap' }}>
        <RelativeTime time={run.created_at} />
      </td>
      <td className={classes.tools}>
        <RunMenu run={run} />
      </td>
    </tr>
  );
}

function RunStanding({ run }: { run: Run }) {
  if (standingOf(run.state) !== 'working') {
    return (
      <>
        <RunStateDot state={run.state} />
        <div className={classes.sub} title={run.message}>
          {standingOf(run.state) === 'waiting' ? waitingWords(run) : run.message}
        </div>
      </>
    );
  }
  const progress = run.progress?.state === run.state ? run.progress : null;
  const left = progress === null ? null : remainingMs(progress.done, progress.total, progress.rate ?? null);
  return (
    <>
      <Text size="sm" component="div" mb={4} truncate>
        {stateSentence(run)}
        <Text span c="dimmed" size="sm">
          {progress !== null && ` · ${doneOfTotal(progress)}`}
          {left !== null && ` · ${aboutTime(left)} left`}
        </Text>
      </Text>
      <RunProgress run={run} />
    </>
  );
}

/** The datasets that a run adds to; of a selection the one it chooses from. */
function datasetNames({ kind, image_dataset, crop_dataset }: Run): string {
  if (crop_dataset === null) return image_dataset.name;
  return kind === 'object-level' ? `${image_dataset.name} → ${crop_dataset.name}` : crop_dataset.name;
}

function waitingWords({ runs_on }: Run): string {
  return runs_on.length === 0 ? 'for a worker' : `for a worker with ${runs_on.join(', ')}`;
}

function workerName({ worker, host_name }: Run): string {
  if (worker !== null) return worker.name ?? 'forgotten';
  return host_name === null ? '–' : `on ${host_name}`;
}
