import { Group, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { datasetsQuery } from '@/api/queries/datasets';
import { INITIAL_TAG, tagsQuery } from '@/api/queries/tags';
import { count } from '@/model/format';
import type { StrategyOf } from '@/model/strategies';
import type { PartProps } from './parts';

/** The samples that are looked for: those of a tag of any dataset. */
export function QueryFields({ strategy, onChange, errors }: PartProps<StrategyOf<'similarity'>>) {
  const { query } = strategy;
  const datasets = useQuery(datasetsQuery).data?.items.filter(({ sample_count }) => sample_count > 0) ?? [];
  const chosen = datasets.find(({ id, name }) => query.dataset === name || query.dataset === id);
  const tags = useQuery({ ...tagsQuery(chosen?.id ?? ''), enabled: chosen !== undefined }).data?.items ?? [];
  const tag = tags.find(({ id, name }) => query.tag === name || query.tag === id)?.name ?? query.tag;
  const change = (changed: Partial<typeof query>) =>
    onChange({ ...strategy, query: { ...query, ...changed } });
  return (
    <Group grow align="flex-start" gap="sm" preventGrowOverflow={false}>
      <Select
        label="Samples of dataset"
        miw={180}
        allowDeselect={false}
        searchable
        value={chosen?.name ?? query.dataset}
        onChange={(dataset) => dataset !== null && change({ dataset, tag: INITIAL_TAG })}
        data={withCurrent(
          datasets.map(({ name, sample_count }) => ({
            value: name,
            label: `${name} · ${count(sample_count)}`,
          })),
          chosen?.name ?? query.dataset,
        )}
        error={errors('query.dataset')}
      />
      <Select
        label="With tag"
        miw={160}
        allowDeselect={false}
        searchable
        value={tag}
        onChange={(chosenTag) => chosenTag !== null && change({ tag: chosenTag })}
        data={withCurrent(
          tags.map(({ name, size }) => ({
            value: name,
            label: name === INITIAL_TAG ? `All of them · ${count(size)}` : `${name} · ${count(size)}`,
          })),
          tag,
        )}
        error={errors('query.tag') ?? (errors('query.dataset') === undefined ? errors('query') : undefined)}
      />
    </Group>
  );
}

/** A list with what is chosen, also if it is not in it (any more). */
function withCurrent(options: { value: string; label: string }[], current: string) {
  return current === '' || options.some(({ value }) => value === current)
    ? options
    : [{ value: current, label: current }, ...options];
}
