import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { MapPoints } from '@/api/points';
import { codesQuery, legendQuery, type Legend, type Projection } from '@/api/queries/projections';
import { facetsQuery } from '@/api/queries/samples';
import type { Bitmap } from '@/model/bitmap';
import {
  DENSITY, legendItems, PICKED_COLUMN, pickedEntries, type ColumnKind, type LegendItem,
} from '@/scatter/columns'; // prettier-ignore
import { useScheme } from '@/ui/useScheme';
import { namingOf } from './naming';

/** What colours the points: a code for each, and what the codes stand for. */
export interface MapColumn {
  name: string;
  kind: ColumnKind;
  codes: Uint8Array | null;
  items: readonly LegendItem[];
  error: unknown;
}

interface Loaded {
  projection: Projection;
  name: string;
  legend: Legend;
  codes: Uint8Array;
}

/** A column of a map. The one before it stays until all of it is there, so that points do not flash. */
export function useMapColumn(
  dataset: DatasetDetails,
  projection: Projection,
  points: MapPoints | undefined,
  name: string,
  picked: Bitmap,
): MapColumn {
  const scheme = useScheme();
  const isOwn = name === DENSITY || name === PICKED_COLUMN;
  const { loaded, error } = useLoadedColumn(projection, name, !isOwn);
  const facets = useQuery(facetsQuery(dataset.id, undefined));
  const metadata = facets.data?.metadata;
  return useMemo(() => {
    if (name === PICKED_COLUMN && points !== undefined) {
      const codes = Uint8Array.from(points.samples, (sample) => (picked.has(sample) ? 1 : 0));
      const items = pickedEntries(
        codes.reduce((sum, code) => sum + code, 0),
        codes.length,
        scheme,
      );
      return { name, kind: 'flag', codes, items, error: null };
    }
    if (isOwn || loaded === null) return { name, kind: 'labels', codes: null, items: [], error };
    const naming = namingOf(loaded.name, dataset, metadata ?? []);
    const items = legendItems(loaded.legend.entries, naming, scheme);
    return { name: loaded.name, kind: naming.kind, codes: loaded.codes, items, error };
  }, [name, isOwn, points, picked, loaded, dataset, metadata, scheme, error]);
}

function useLoadedColumn(projection: Projection, name: string, isAsked: boolean) {
  const legend = useQuery({ ...legendQuery(projection, name), enabled: isAsked });
  const codes = useQuery({
    ...codesQuery(legend.data ?? { name, url: '', version: '', entries: [] }),
    enabled: isAsked && legend.data !== undefined,
  });
  const [last, setLast] = useState<Loaded | null>(null);
  const isHere = isAsked && legend.data !== undefined && codes.data !== undefined;
  const isLast = last !== null && last.codes === codes.data && last.legend === legend.data;
  if (isHere && !isLast) setLast({ projection, name, legend: legend.data, codes: codes.data });
  const isOfThis = last?.projection.id === projection.id && last.projection.version === projection.version;
  return { loaded: isOfThis ? last : null, error: legend.error ?? codes.error };
}
