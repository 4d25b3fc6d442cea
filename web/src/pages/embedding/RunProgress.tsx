import { Anchor, Progress, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { runQuery } from '@/api/queries/runs';
import { workersQuery } from '@/api/queries/workers';
import { stateSentence } from '@/model/runs';
import classes from './Embedding.module.css';

/** How far the run is that makes a map, and whether anybody is there to make it. */
export function RunProgress({ run: id }: { run: string }) {
  const { data: run } = useQuery(runQuery(id));
  const { data: workers } = useQuery(workersQuery);
  if (run === undefined) return null;
  const { progress } = run;
  const share = progress?.total ? progress.done / progress.total : null;
  const isAlone = workers !== undefined && workers.items.every(({ state }) => state === 'offline');
  return (
    <div className={classes.progress}>
      <Progress
        value={share === null ? 100 : share * 100}
        animated={share === null}
        striped={share === null}
        size="sm"
        mb={8}
        aria-label="Progress of the map"
      />
      <Text size="sm" c="dimmed">
        {stateSentence(run)} ·{' '}
        <Anchor component={Link} to={`/runs/${id}`} size="sm">
          look at the run
        </Anchor>
      </Text>
      {isAlone && run.state === 'QUEUED' && (
        <Text size="sm" mt={6}>
          No worker is online: the map is made once one is.{' '}
          <Anchor component={Link} to="/workers" size="sm">
            Start a worker
          </Anchor>
        </Text>
      )}
    </div>
  );
}
