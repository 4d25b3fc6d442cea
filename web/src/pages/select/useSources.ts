import { useQuery } from '@tanstack/react-query';
import type { DatasetDetails } from '@/api/queries/datasets';
import { viewsQuery } from '@/api/queries/views';
import { count } from '@/model/format';

/** What can be chosen from, for a list: everything, tags, views, and the stored selection that is given. */
export function useSources(dataset: DatasetDetails, source: string) {
  const { data } = useQuery(viewsQuery(dataset.id));
  const tags = dataset.tags.filter(({ name }) => name !== 'initial-tag');
  const views = (data?.items ?? []).filter(({ problem }) => problem == null);
  return [
    { value: 'all', label: `All · ${count(dataset.sample_count)}` },
    ...(source.startsWith('selection:') ? [{ value: source, label: 'The samples picked before' }] : []),
    ...grouped(
      'Tags',
      tags.map(({ name, size }) => ({ value: `tag:${name}`, label: `${name} · ${count(size)}` })),
    ),
    ...grouped(
      'Views',
      views.map(({ id, name, count: size }) => ({
        value: `view:${id}`,
        label: size == null ? name : `${name} · ${count(size)}`,
      })),
    ),
  ];
}

const grouped = (group: string, items: { value: string; label: string }[]) =>
  items.length === 0 ? [] : [{ group, items }];
