/** All addresses of the app. Pages are loaded when somebody goes there. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { parseBrowsing, type BrowsingSearch } from '@/model/browsing';
import { parseMap, type MapSearch } from '@/model/mapSearch';
import { DatasetLayout } from './DatasetLayout';
import { PageError } from './PageError';
import { NotFound } from './NotFound';
import { Shell } from './shell/Shell';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: PageError });

const at = <const Path extends string>(path: Path, page: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(page) });

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const datasets = at('/', () => import('@/pages/datasets/Page'));
const newDataset = at('/datasets/new', () => import('@/pages/new-dataset/Page'));
const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: (search: Record<string, unknown>): { state?: string; dataset?: string } => ({
    state: text(search.state),
    dataset: text(search.dataset),
  }),
  component: lazyRouteComponent(() => import('@/pages/runs/Page')),
});
const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$run',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search.tab) }),
  component: lazyRouteComponent(() => import('@/pages/run/Page')),
});
const workers = at('/workers', () => import('@/pages/workers/Page'));
const settings = at('/settings', () => import('@/pages/settings/Page'));

const dataset = createRoute({ getParentRoute: () => root, path: '/d/$dataset', component: DatasetLayout });

const inDataset = <const Path extends string>(
  path: Path,
  page: () => Promise<{ default: React.ComponentType }>,
) => createRoute({ getParentRoute: () => dataset, path, component: lazyRouteComponent(page) });

const overview = inDataset('/', () => import('@/pages/overview/Page'));
const objects = createRoute({
  getParentRoute: () => dataset,
  path: '/objects',
  validateSearch: (search: Record<string, unknown>): BrowsingSearch => parseBrowsing(search),
  component: lazyRouteComponent(() => import('@/pages/objects/Page')),
});
const images = createRoute({
  getParentRoute: () => dataset,
  path: '/images',
  validateSearch: (search: Record<string, unknown>): BrowsingSearch => parseBrowsing(search),
  component: lazyRouteComponent(() => import('@/pages/images/Page')),
});
const embedding = createRoute({
  getParentRoute: () => dataset,
  path: '/embedding',
  validateSearch: (search: Record<string, unknown>): BrowsingSearch & MapSearch => ({
    ...parseBrowsing(search),
    ...parseMap(search),
  }),
  component: lazyRouteComponent(() => import('@/pages/embedding/Page')),
});
const sample = createRoute({
  getParentRoute: () => dataset,
  path: '/samples/$sample',
  validateSearch: (search: Record<string, unknown>): { object?: string } => ({ object: text(search.object) }),
  component: lazyRouteComponent(() => import('@/pages/sample/Page')),
});
const tags = inDataset('/tags', () => import('@/pages/tags/Page'));
const views = inDataset('/views', () => import('@/pages/views/Page'));
/** Choose again among the samples of a dataset: those of a tag or of a stored selection, or all. */
const select = createRoute({
  getParentRoute: () => dataset,
  path: '/select',
  validateSearch: (search: Record<string, unknown>): { tag?: string; sel?: string; clone?: string } => ({
    tag: text(search.tag),
    sel: text(search.sel),
    clone: text(search.clone),
  }),
  component: lazyRouteComponent(() => import('@/pages/select/Page')),
});
/** A new object-level run, on its own or like another one. */
const newRun = createRoute({
  getParentRoute: () => dataset,
  path: '/run',
  validateSearch: (search: Record<string, unknown>): { clone?: string } => ({ clone: text(search.clone) }),
  component: lazyRouteComponent(() => import('@/pages/new-run/Page')),
});
const exports_ = createRoute({
  getParentRoute: () => dataset,
  path: '/exports',
  validateSearch: (search: Record<string, unknown>): { tag?: string; sel?: string } => ({
    tag: text(search.tag),
    sel: text(search.sel),
  }),
  component: lazyRouteComponent(() => import('@/pages/exports/Page')),
});

export const router = createRouter({
  routeTree: root.addChildren([
    datasets,
    newDataset,
    runs,
    run,
    workers,
    settings,
    dataset.addChildren([
      overview,
      objects,
      images,
      embedding,
      sample,
      tags,
      views,
      select,
      newRun,
      exports_,
    ]),
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
