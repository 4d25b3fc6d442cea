import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { BrowsingSearch, Filter } from '@/model/browsing';
import type { MapSearch } from '@/model/mapSearch';
import type { View } from '@/scatter/camera';

const VIEW_SETTLES_MS = 250;
/** Digits that tell apart pixels of any view. */
const DIGITS = 6;

type Search = BrowsingSearch & MapSearch;

/** What the address says of the map, and how to change it. */
export function useMapState() {
  const { dataset: datasetId } = useParams({ from: '/d/$dataset/embedding' });
  const search = useSearch({ from: '/d/$dataset/embedding' });
  const navigate = useNavigate({ from: '/d/$dataset/embedding' });
  const timer = useRef(0);
  // Whoever has left is not brought back.
  useEffect(() => () => window.clearTimeout(timer.current), []);

  const change = useCallback(
    (changes: Partial<Search>, { replaces = true }: { replaces?: boolean } = {}) =>
      void navigate({
        search: (old) => withoutUndefined({ ...old, ...changes }),
        replace: replaces,
      }),
    [navigate],
  );
  const setView = useCallback(
    (view: View) => {
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => change({ vp: rounded(view) }), VIEW_SETTLES_MS);
    },
    [change],
  );
  const view = useMemo<View | null>(() => {
    if (search.vp === undefined) return null;
    const [x, y, scale] = search.vp;
    return { x, y, scale };
  }, [search.vp]);
  return {
    datasetId,
    search,
    view,
    setView,
    setColor: (color: string) => change({ color }),
    setFilter: (q: Filter | undefined) => change({ q }),
    /** Another map is another place. */
    setProjection: (proj: string) => {
      window.clearTimeout(timer.current);
      change({ proj, vp: undefined }, { replaces: false });
    },
    /** Show a sample in the inspector. */
    setFocus: (focus: string | undefined) => change({ focus }, { replaces: search.focus !== undefined }),
    /** Show what is most similar to a sample; undefined: stop. */
    setReference: (reference: string | undefined) =>
      change({
        sort:
          reference === undefined
            ? undefined
            : { key: 'distance', descending: false, reference_sample_id: reference },
      }),
  };
}

export type MapState = ReturnType<typeof useMapState>;

/** The sample that others are compared with, if the address has one. */
export function referenceOf(search: Pick<Search, 'sort'>): string | undefined {
  return search.sort?.key === 'distance' ? (search.sort.reference_sample_id ?? undefined) : undefined;
}

function rounded({ x, y, scale }: View): [number, number, number] {
  const round = (value: number) => Number(value.toPrecision(DIGITS));
  return [round(x), round(y), round(scale)];
}

function withoutUndefined(search: Search): Search {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}
