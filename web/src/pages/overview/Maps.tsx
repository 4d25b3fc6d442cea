import { Loader, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { DatasetDetails } from '@/api/queries/datasets';
import { projectionsQuery } from '@/api/queries/projections';
import { count } from '@/model/format';
import { METHOD_NAMES } from '@/model/mapMethods';
import { Panel } from '@/ui/Panel';
import classes from './Overview.module.css';

/** The maps of a dataset, and whether all samples are on them. */
export function Maps({ dataset }: { dataset: DatasetDetails }) {
  const { data } = useQuery(projectionsQuery(dataset.id));
  const maps = data?.items ?? [];
  return (
    <Panel title="Maps">
      {data !== undefined && maps.length === 0 && (
        <Text size="sm" c="dimmed">
          None: too few samples to lay out.
        </Text>
      )}
      {maps.map((map) => (
        <Link
          key={map.id}
          to="/d/$dataset/embedding"
          params={{ dataset: dataset.id }}
          search={{ proj: map.id }}
          className={classes.row}
        >
          <span className={classes.rowHead}>
            <span>{METHOD_NAMES[map.method]}</span>
            {map.state === 'PENDING' && <Loader size={12} aria-label="Being made" />}
            {map.state === 'FAILED' && <small>failed</small>}
            {map.state === 'READY' && (
              <small>
                {map.point_count === map.sample_count
                  ? `all ${count(map.sample_count)}`
                  : `${count(map.point_count)} of ${count(map.sample_count)}`}
              </small>
            )}
          </span>
        </Link>
      ))}
    </Panel>
  );
}
