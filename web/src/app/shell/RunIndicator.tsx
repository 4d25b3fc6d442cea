import { Loader, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { isUnderWay, recentRunsQuery } from '@/api/queries/runs';
import classes from './RunIndicator.module.css';

/** How many runs are under way; there only while some are. */
export function RunIndicator() {
  const { data } = useQuery(recentRunsQuery);
  const underWay = (data?.items ?? []).filter(({ state }) => isUnderWay(state));
  const working = underWay.filter(({ state }) => state !== 'QUEUED').length;
  const waiting = underWay.length - working;
  if (underWay.length === 0) return null;
  const words = [working > 0 ? `${working} running` : '', waiting > 0 ? `${waiting} waiting` : ''];
  return (
    <UnstyledButton component={Link} to="/runs" className={classes.indicator}>
      {working > 0 && <Loader size={12} aria-hidden />}
      {words.filter((word) => word !== '').join(', ')}
    </UnstyledButton>
  );
}
