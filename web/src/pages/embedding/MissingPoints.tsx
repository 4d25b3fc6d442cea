import { Button, Loader } from '@mantine/core';
import { useExtendProjection, type Projection } from '@/api/queries/projections';
import { counted } from '@/model/format';
import { notifyProblem } from '@/ui/notify';
import classes from './Embedding.module.css';

/** Says that some samples have no place on a map yet, and gives them one. */
export function MissingPoints({ projection }: { projection: Projection }) {
  const extend = useExtendProjection(projection.dataset_id);
  const missing = projection.sample_count - projection.point_count;
  if (projection.state !== 'READY') return null;
  if (projection.run_id !== null && projection.message === '') {
    return (
      <div className={classes.note} role="status">
        <Loader size={14} />
        {missing > 0 ? 'New samples are being put on this map' : 'This map is being made anew'}
        <span />
      </div>
    );
  }
  if (missing <= 0) return null;
  return (
    <div className={classes.note} role="status">
      {counted(missing, 'sample is', 'samples are')} not on this map yet
      <Button
        size="compact-sm"
        variant="light"
        loading={extend.isPending}
        onClick={() => extend.mutate(projection.id, { onError: notifyProblem })}
      >
        {missing === 1 ? 'Put it on' : 'Put them on'}
      </Button>
    </div>
  );
}
