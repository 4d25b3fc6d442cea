import { ActionIcon, Kbd, Loader, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Lasso, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { sampleQuery } from '@/api/queries/sample';
import { storedPicksQuery } from '@/api/queries/projections';
import { SampleGrid } from '@/grid/SampleGrid';
import type { Bitmap } from '@/model/bitmap';
import { baseName, categoryLabel, count } from '@/model/format';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { referenceOf, type MapState } from './useMapState';
import classes from './Embedding.module.css';

const TILE = 84;
const STORE_AFTER_MS = 250;

interface SidePanelProps {
  dataset: DatasetDetails;
  state: MapState;
  picked: Bitmap;
  /** What stands here while nothing is picked: how to pick, or all samples where there is no map to pick on. */
  hasMap: boolean;
}

/** Beside the map: what is most similar to a sample, or what is picked. */
export function SidePanel({ dataset, state, picked, hasMap }: SidePanelProps) {
  const reference = referenceOf(state.search);
  if (reference !== undefined) return <Similar dataset={dataset} state={state} reference={reference} />;
  if (picked.count > 0) return <Picked dataset={dataset} state={state} picked={picked} />;
  if (hasMap) return <Lesson />;
  return (
    <>
      <div className={classes.sideHead}>{dataset.kind === 'crops' ? 'Objects' : 'Images'}</div>
      <Grid dataset={dataset} state={state} filter={state.search.q} />
    </>
  );
}

function Similar({
  dataset,
  state,
  reference,
}: {
  dataset: DatasetDetails;
  state: MapState;
  reference: string;
}) {
  const { data } = useQuery(sampleQuery(dataset.id, reference));
  const name =
    data === undefined ? '' : data.crop === null ? baseName(data.file_name) : categoryLabel(data.crop);
  return (
    <>
      <div className={classes.sideHead}>
        <span>Most similar to {name === '' ? 'it' : `this ${name}`}</span>
        <Tooltip label="Back (Esc)">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Stop showing what is similar"
            onClick={() => state.setReference(undefined)}
          >
            <X size={15} />
          </ActionIcon>
        </Tooltip>
      </div>
      <Grid dataset={dataset} state={state} filter={state.search.q} sort={state.search.sort} />
    </>
  );
}

function Picked({ dataset, state, picked }: { dataset: DatasetDetails; state: MapState; picked: Bitmap }) {
  const [settled] = useDebouncedValue(picked, STORE_AFTER_MS);
  const stored = useQuery(storedPicksQuery(dataset.id, settled));
  return (
    <>
      <div className={classes.sideHead}>
        <span>{count(picked.count)} picked</span>
        {(stored.isFetching || settled !== picked) && <Loader size={14} aria-label="Loading" />}
      </div>
      {stored.error !== null && <ProblemAlert error={stored.error} onRetry={() => void stored.refetch()} />}
      {stored.data !== undefined && (
        <Grid dataset={dataset} state={state} filter={{ selection_id: stored.data.id, metadata: [] }} />
      )}
    </>
  );
}

type GridProps = Pick<Parameters<typeof SampleGrid>[0], 'dataset' | 'filter' | 'sort'> & { state: MapState };

function Grid({ state, ...shown }: GridProps) {
  return (
    <div className={classes.sideGrid}>
      <SampleGrid
        {...shown}
        tile={TILE}
        focus={state.search.focus}
        onOpen={(sample) => state.setFocus(sample.id)}
        onClose={() => state.setFocus(undefined)}
      />
    </div>
  );
}

/** How to pick from the map. */
function Lesson() {
  return (
    <div className={classes.lesson}>
      <Lasso size={34} strokeWidth={1.3} aria-hidden />
      <h3>Draw around points to see them here</h3>
      <dl>
        <Line keys={<Kbd size="xs">Shift</Kbd>}>and drag draws a lasso</Line>
        <Line keys={<Kbd size="xs">r</Kbd>}>and drag draws a rectangle</Line>
        <Line keys={<Kbd size="xs">Ctrl</Kbd>}>held, adds to what is picked</Line>
        <Line keys={<Kbd size="xs">Alt</Kbd>}>held, takes away from it</Line>
        <Line keys={<Kbd size="xs">n</Kbd>}>shows what is similar to a point</Line>
      </dl>
    </div>
  );
}

function Line({ keys, children }: { keys: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt>{keys}</dt>
      <dd>{children}</dd>
    </>
  );
}
