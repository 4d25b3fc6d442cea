import { Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ProblemError } from '@/api/client';
import { NEIGHBORS_SHOWN, neighborsQuery, type Neighbor } from '@/api/queries/sample';
import { predictionLabel } from './boxesOf';
import classes from './NeighborStrip.module.css';

const THUMBNAIL = 128;

interface NeighborStripProps {
  datasetId: string;
  sampleId: string;
  onOpen: (sampleId: string) => void;
}

/** The samples that look most like one, nearest first, with their distances. */
export function NeighborStrip({ datasetId, sampleId, onOpen }: NeighborStripProps) {
  const { data, error, isPlaceholderData } = useQuery(neighborsQuery(datasetId, sampleId));
  if (error) {
    return (
      <Text size="sm" c="dimmed">
        {error instanceof ProblemError ? error.problem.detail : error.message}.
      </Text>
    );
  }
  if (data === undefined) {
    return (
      <div className={classes.strip}>
        {Array.from({ length: NEIGHBORS_SHOWN }, (_, place) => (
          <Skeleton key={place} className={classes.tile} />
        ))}
      </div>
    );
  }
  if (data.items.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        There is no other sample.
      </Text>
    );
  }
  return (
    <div className={classes.strip} aria-busy={isPlaceholderData}>
      {data.items.map((neighbor) => (
        <NeighborTile key={neighbor.sample.id} neighbor={neighbor} onOpen={onOpen} />
      ))}
    </div>
  );
}

interface NeighborTileProps {
  neighbor: Neighbor;
  onOpen: (sampleId: string) => void;
}

function NeighborTile({ neighbor: { sample, distance }, onOpen }: NeighborTileProps) {
  const what = sample.crop === null ? sample.file_name : predictionLabel(sample.crop);
  return (
    <button
      type="button"
      className={classes.tile}
      title={`${what} · distance ${distance.toFixed(3)}`}
      aria-label={`${what}, distance ${distance.toFixed(2)}`}
      onClick={() => onOpen(sample.id)}
    >
      <img src={`${sample.thumbnail_url}&size=${THUMBNAIL}`} alt="" loading="lazy" />
      <span className={classes.distance}>{distance.toFixed(2)}</span>
    </button>
  );
}
