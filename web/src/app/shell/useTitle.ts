import { useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';

const PAGES: readonly (readonly [RegExp, string])[] = [
  [/^\/$/, 'Datasets'],
  [/^\/datasets\/new/, 'New dataset'],
  [/^\/runs\/./, 'Run'],
  [/^\/runs/, 'Runs'],
  [/^\/workers/, 'Workers'],
  [/^\/settings/, 'Settings'],
  [/\/objects$/, 'Objects'],
  [/\/images$/, 'Images'],
  [/\/embedding$/, 'Embedding'],
  [/\/samples\//, 'Sample'],
  [/\/tags$/, 'Tags'],
  [/\/views$/, 'Views'],
  [/\/select$/, 'Select again'],
  [/\/run$/, 'New run'],
  [/\/exports$/, 'Exports'],
];

/** Name the tab after the page and its dataset. */
export function useTitle(dataset: string | undefined): void {
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    const page = PAGES.find(([pattern]) => pattern.test(path))?.[1];
    document.title = [page, dataset, 'Swath'].filter((part) => part !== undefined).join(' · ');
  }, [path, dataset]);
}
