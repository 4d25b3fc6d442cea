import type { Run } from '@/api/queries/runs';
import { isUnderWay } from '@/api/queries/runs';
import { useNow } from '@/ui/useNow';
import { RunRow } from './RunRow';
import classes from './RunTable.module.css';

/** Runs, one a line. */
export function RunTable({ runs }: { runs: readonly Run[] }) {
  const now = useNow(
    1000,
    runs.some(({ state }) => isUnderWay(state)),
  );
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label="Runs">
        <thead>
          <tr>
            <th>Run</th>
            <th>State</th>
            <th>Worker</th>
            <th>Took</th>
            <th>Asked for</th>
            <th aria-label="What can be done" />
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
