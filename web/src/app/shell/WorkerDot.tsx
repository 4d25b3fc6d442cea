import { Tooltip, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { workersQuery } from '@/api/queries/workers';
import { counted } from '@/model/format';
import classes from './WorkerDot.module.css';

/** Whether any worker is there to execute runs. */
export function WorkerDot() {
  const { data } = useQuery(workersQuery);
  if (data === undefined) return null;
  const online = data.items.filter(({ state }) => state !== 'offline').length;
  const words = online === 0 ? 'No worker is online' : `${counted(online, 'worker')} online`;
  return (
    <Tooltip label={words}>
      <UnstyledButton component={Link} to="/workers" className={classes.dot} aria-label={words}>
        <span data-online={online > 0} />
        <span className={classes.words}>{online === 0 ? 'No worker' : counted(online, 'worker')}</span>
      </UnstyledButton>
    </Tooltip>
  );
}
