import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useElementSize } from '@mantine/hooks';
import { Loader } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { MapPoints } from '@/api/points';
import { filterMembersQuery, type Projection } from '@/api/queries/projections';
import { sampleAtQuery } from '@/api/queries/samples';
import type { Bitmap } from '@/model/bitmap';
import { useSelection } from '@/model/selection';
import { useWalk } from '@/model/walk';
import { colorTable, DENSITY, densityTable, rampTable } from '@/scatter/columns';
import { combined, type Tool } from '@/scatter/gestures';
import { DensityLegend, Legend } from '@/scatter/Legend';
import { pointStates } from '@/scatter/pointStates';
import { Scatter } from '@/scatter/Scatter';
import type { Hovered, MapSurface, SurfaceListeners } from '@/scatter/surface';
import { ToolBar } from '@/scatter/ToolBar';
import { notifyProblem } from '@/ui/notify';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { useScheme } from '@/ui/useScheme';
import { HoverSample } from './HoverSample';
import { MapStatus } from './MapStatus';
import { MissingPoints } from './MissingPoints';
import { columnTitle } from './naming';
import { pickedWalk } from './pickedWalk';
import { useMapColumn } from './useMapColumn';
import { useMapKeys } from './useMapKeys';
import { referenceOf, type MapState } from './useMapState';
import { useMarks } from './useMarks';
import { watchFromTests } from './watchFromTests';
import classes from './Embedding.module.css';

interface MapAreaProps {
  dataset: DatasetDetails;
  projection: Projection;
  points: MapPoints;
  color: string;
  state: MapState;
  picked: Bitmap;
  surface: MapSurface | null;
  onSurface: (surface: MapSurface | null) => void;
}

/** The points of a map with their legend, and everything that hands and keys do with them. */
export function MapArea(props: MapAreaProps) {
  const { dataset, projection, points, color, state, picked, surface, onSurface } = props;
  const { ref, width, height } = useElementSize();
  const [tool, setTool] = useState<Tool>('pan');
  const [hovered, setHovered] = useState<Hovered | null>(null);
  const [hidden, setHidden] = useHiddenCodes(`${projection.id} ${color}`);
  const scheme = useScheme();
  const column = useMapColumn(dataset, projection, points, color, picked);
  const filter = useQuery(filterMembersQuery(dataset.id, state.search.q));
  const shown = state.search.q === undefined ? null : (filter.data ?? null);
  const states = useMemo(
    () => pointStates(points.samples, { codes: column.codes, hiddenCodes: hidden, shown, picked }),
    [points, column.codes, hidden, shown, picked],
  );
  const isDensity = color === DENSITY;
  const colors = useMemo(
    () => (isDensity ? densityTable(scheme) : colorTable(column.items, scheme)),
    [isDensity, column.items, scheme],
  );
  const ramp = useMemo(() => rampTable(scheme), [scheme]);
  const reference = referenceOf(state.search);
  const { marks, focused } = useMarks(dataset.id, points, state.search.focus, reference);
  const open = useOpenPoint(dataset.id, points, picked, state);

  useEffect(() => {
    if (focused !== null) surface?.reveal(focused);
  }, [surface, focused]);
  useEffect(() => (surface === null ? undefined : watchFromTests(surface, points)), [surface, points]);
  useMapKeys({
    surface,
    onTool: setTool,
    onPeel: () => peel(state, reference, tool, setTool),
    onSimilar: () => {
      if (hovered !== null) open(hovered.point, state.setReference);
      else if (state.search.focus !== undefined) state.setReference(state.search.focus);
    },
  });

  const listeners: SurfaceListeners = {
    onHover: setHovered,
    onClick: (point) => (point === null ? state.setFocus(undefined) : open(point, state.setFocus)),
    onDrawn: (samples, how) => {
      const selection = useSelection.getState();
      selection.replace(combined(selection.members, samples, how));
    },
    onView: state.setView,
    onFrame: () => undefined,
  };

  return (
    <div ref={ref} className={classes.map}>
      <Scatter
        points={points}
        codes={column.codes}
        states={states}
        colors={colors}
        ramp={ramp}
        drawing={isDensity ? 'density' : 'points'}
        tool={tool}
        marks={marks}
        view={state.view}
        label={`Map of ${dataset.name}`}
        listeners={listeners}
        onSurface={onSurface}
      >
        <div className={`${classes.corner} ${classes.tools}`}>
          <ToolBar
            tool={tool}
            onTool={setTool}
            onZoom={(factor) => surface?.zoom(factor)}
            onFit={() => surface?.fit()}
          />
        </div>
        <div className={`${classes.corner} ${classes.legend}`}>
          {isDensity && <DensityLegend />}
          {!isDensity && column.items.length > 0 && (
            <Legend
              title={columnTitle(column.name, dataset)}
              items={column.items}
              kind={column.kind}
              hidden={hidden}
              onHidden={setHidden}
            />
          )}
          {column.error !== null && <ProblemAlert error={column.error} />}
          {filter.error !== null && <ProblemAlert error={filter.error} />}
        </div>
        <MapStatus kind={dataset.kind} states={states} pointCount={points.samples.length}>
          {filter.isFetching && <Loader size={12} aria-label="Filtering" />}
        </MapStatus>
        <div className={`${classes.corner} ${classes.notice}`}>
          <MissingPoints projection={projection} />
        </div>
        <HoverSample datasetId={dataset.id} points={points} hovered={hovered} within={{ width, height }} />
      </Scatter>
    </div>
  );
}

/** What the legend hides; another column of another map begins with everything shown. */
function useHiddenCodes(of: string) {
  const [hidden, setHidden] = useState<{ of: string; codes: ReadonlySet<number> }>({ of, codes: new Set() });
  const codes = useMemo(() => (hidden.of === of ? hidden.codes : new Set<number>()), [hidden, of]);
  return [codes, (changed: ReadonlySet<number>) => setHidden({ of, codes: changed })] as const;
}

/** Find the sample of a point, and do something with it. */
function useOpenPoint(datasetId: string, points: MapPoints, picked: Bitmap, state: MapState) {
  const client = useQueryClient();
  const setWalk = useWalk((walk) => walk.setWalk);
  return (point: number, then: MapState['setFocus']) => {
    const index = points.samples[point];
    if (index === undefined) return;
    client
      .fetchQuery(sampleAtQuery(datasetId, index))
      .then((sample) => {
        if (then === state.setFocus) setWalk(pickedWalk(client, datasetId, picked, sample));
        then(sample.id);
      })
      .catch(notifyProblem);
  };
}

/** Escape, layer by layer: the inspector, what is similar, the tool, what is picked. */
function peel(
  state: MapState,
  reference: string | undefined,
  tool: Tool,
  setTool: (tool: Tool) => void,
): void {
  if (state.search.focus !== undefined) state.setFocus(undefined);
  else if (reference !== undefined) state.setReference(undefined);
  else if (tool !== 'pan') setTool('pan');
  else useSelection.getState().clear();
}
