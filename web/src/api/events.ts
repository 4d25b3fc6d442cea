/** One connection per tab over which the server tells what has changed; without it, questions are asked again. */
import { useEffect } from 'react';
import { create } from 'zustand';
import { queryClient } from './queryClient';

interface Changed {
  id: string;
  dataset_id: string | null;
}

/** Keys of the queries that a kind of event makes old. All keys begin with a noun, those of a dataset go on with its id. */
const MADE_OLD: Record<string, (changed: Changed) => unknown[][]> = {
  run: () => [['runs'], ['workers']],
  worker: () => [['workers']],
  dataset: ({ id }) => [['datasets'], ['samples', id], ['facets', id], ['projections', id], ['tags', id]],
  tag: ({ dataset_id }) => [
    ['tags', dataset_id],
    ['samples', dataset_id],
    ['facets', dataset_id],
    ['operations', dataset_id],
    ['views', dataset_id],
    ['datasets'],
  ],
  view: ({ dataset_id }) => [['views', dataset_id]],
  export: ({ dataset_id }) => [['exports', dataset_id]],
  projection: ({ dataset_id }) => [['projections', dataset_id]],
};

const ASK_AGAIN_MS = 5000;
const GIVE_UP_MS = 8000;

interface Connection {
  /** Whether events arrive. False only after the connection has been away for some seconds. */
  isLive: boolean;
}

export const useConnection = create<Connection>(() => ({ isLive: true }));

/** Until what shows a list has left out what is gone from it. */
const UNTIL_DRAWN_MS = 50;

/** A dataset that is gone must not be asked for: the list comes first, and whatever it does not show any more is left. */
async function makeOld(queryKeys: unknown[][], isOfDatasets: boolean): Promise<void> {
  if (isOfDatasets) {
    await queryClient.invalidateQueries({ queryKey: ['datasets', 'list'] });
    await new Promise((resolve) => window.setTimeout(resolve, UNTIL_DRAWN_MS));
  }
  for (const queryKey of queryKeys) {
    const isFresh = (key: readonly unknown[]) => isOfDatasets && key[0] === 'datasets' && key[1] === 'list';
    void queryClient.invalidateQueries({ queryKey, predicate: (query) => !isFresh(query.queryKey) });
  }
}

/** Listen as long as the app is shown. */
export function useEvents(): void {
  useEffect(() => {
    const source = new EventSource('/api/events');
    let lostAt: number | null = null;
    for (const [kind, madeOld] of Object.entries(MADE_OLD)) {
      source.addEventListener(kind, (event: MessageEvent<string>) => {
        void makeOld(madeOld(JSON.parse(event.data) as Changed), kind === 'dataset');
      });
    }
    source.addEventListener('reset', () => void queryClient.invalidateQueries());
    source.onopen = () => {
      if (lostAt !== null) void queryClient.invalidateQueries();
      lostAt = null;
      useConnection.setState({ isLive: true });
    };
    source.onerror = () => {
      lostAt ??= Date.now();
    };
    const timer = window.setInterval(() => {
      if (lostAt === null) return;
      if (Date.now() - lostAt > GIVE_UP_MS) useConnection.setState({ isLive: false });
      void queryClient.invalidateQueries({ queryKey: ['runs'] });
      void queryClient.invalidateQueries({ queryKey: ['workers'] });
      void queryClient.invalidateQueries({ queryKey: ['health'] });
    }, ASK_AGAIN_MS);
    return () => {
      source.close();
      window.clearInterval(timer);
    };
  }, []);
}
