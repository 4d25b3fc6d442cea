import { Container } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { useLocalStorage } from '@mantine/hooks';
import { useState } from 'react';
import { useDataset, type DatasetDetails } from '@/api/queries/datasets';
import { pointsQuery, projectionsQuery, type Projection } from '@/api/queries/projections';
import { FacetSidebar } from '@/filters/FacetSidebar';
import { FilterChips } from '@/filters/FilterChips';
import { Bitmap } from '@/model/bitmap';
import { useSelection } from '@/model/selection';
import type { MapSurface } from '@/scatter/surface';
import { hasWebGL } from '@/scatter/webgl';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { EmptyMap } from './EmptyMap';
import { Head } from './Head';
import { MapArea } from './MapArea';
import { FailedMap, LoadingMap, PendingMap } from './MapStandings';
import { usualColumn } from './naming';
import { Resizer } from './Resizer';
import { SidePanel } from './SidePanel';
import { referenceOf, useMapState, type MapState } from './useMapState';
import { useReadyMaps } from './useReadyMaps';
import { WithoutWebGL } from './WithoutWebGL';
import classes from './Embedding.module.css';

const NONE = new Bitmap();
const NARROWEST = 220;
const WIDEST = 720;

export default function Page() {
  const { dataset: id } = useParams({ from: '/d/$dataset/embedding' });
  const dataset = useDataset(id);
  const projections = useQuery(projectionsQuery(id));
  const error = dataset.error ?? projections.error;
  if (error !== null) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={error} onRetry={() => void projections.refetch()} />
      </Container>
    );
  }
  if (dataset.data === undefined || projections.data === undefined) return <LoadingMap />;
  if (
    projections.data.items.every((projection) => projection.method === 'pca' && projection.point_count === 0)
  ) {
    return <EmptyMap dataset={dataset.data} />;
  }
  return <Embedding key={id} dataset={dataset.data} projections={projections.data.items} />;
}

interface EmbeddingProps {
  dataset: DatasetDetails;
  projections: readonly Projection[];
}

function Embedding({ dataset, projections }: EmbeddingProps) {
  const state = useMapState();
  const [surface, setSurface] = useState<MapSurface | null>(null);
  const [width, setWidth] = useLocalStorage({ key: 'swath-side-width', defaultValue: 320 });
  const [hasFilters, setFilters] = useLocalStorage({ key: 'swath-map-filters', defaultValue: false });
  const picked = useSelection((selection) => (selection.datasetId === dataset.id ? selection.members : NONE));
  const projection = currentOf(projections, state.search.proj);
  const color = state.search.color ?? usualColumn(dataset.kind);
  // The inspector takes the place of the hints on how to pick.
  const hasSide =
    picked.count > 0 ||
    referenceOf(state.search) !== undefined ||
    state.search.focus === undefined ||
    !hasWebGL();
  useReadyMaps(projections, projection?.id, state.setProjection);
  return (
    <div className={classes.page}>
      <Head
        dataset={dataset}
        projections={projections}
        projection={projection}
        color={color}
        state={state}
        surface={surface}
        hasFilters={hasFilters}
        onFilters={setFilters}
      />
      <FilterChips dataset={dataset} filter={state.search.q} onChange={state.setFilter} />
      <div className={classes.body}>
        {hasFilters && <FacetSidebar dataset={dataset} filter={state.search.q} onChange={state.setFilter} />}
        {projection !== undefined && (
          <MapOf
            dataset={dataset}
            projection={projection}
            color={color}
            state={state}
            picked={picked}
            surface={surface}
            onSurface={setSurface}
          />
        )}
        {hasSide && (
          <>
            <Resizer
              width={width}
              min={NARROWEST}
              max={WIDEST}
              label="Width of the side panel"
              onWidth={setWidth}
            />
            <aside className={classes.side} style={{ width }} aria-label="Beside the map">
              <SidePanel dataset={dataset} state={state} picked={picked} hasMap={hasWebGL()} />
            </aside>
          </>
        )}
      </div>
    </div>
  );
}

interface MapOfProps {
  dataset: DatasetDetails;
  projection: Projection;
  color: string;
  state: MapState;
  picked: Bitmap;
  surface: MapSurface | null;
  onSurface: (surface: MapSurface | null) => void;
}

/** A map, whatever its state. */
function MapOf(props: MapOfProps) {
  const { projection } = props;
  const points = useQuery({
    ...pointsQuery(projection),
    enabled: projection.state === 'READY' && hasWebGL(),
  });
  if (projection.state === 'READY' && points.data !== undefined)
    return <MapArea {...props} points={points.data} />;
  return (
    <div className={classes.map}>
      {projection.state === 'PENDING' && <PendingMap projection={projection} />}
      {projection.state === 'FAILED' && <FailedMap projection={projection} />}
      {projection.state === 'READY' && !hasWebGL() && <WithoutWebGL projection={projection} />}
      {points.error !== null && <ProblemAlert error={points.error} onRetry={() => void points.refetch()} />}
      {points.isLoading && <LoadingMap />}
    </div>
  );
}

/** The map of the address, or the newest one that can be looked at. */
function currentOf(projections: readonly Projection[], id: string | undefined): Projection | undefined {
  const byAge = [...projections].sort((a, b) => b.created_at - a.created_at);
  return (
    projections.find((projection) => projection.id === id) ??
    byAge.find(({ state }) => state === 'READY') ??
    byAge[0]
  );
}
