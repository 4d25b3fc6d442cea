import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useId, useRef } from 'react';
import { datasetsQuery } from '@/api/queries/datasets';
import { INITIAL_TAG } from '@/api/queries/tags';
import type { FieldErrors } from '@/model/fieldErrors';
import { errorsBelow } from '@/model/fieldErrors';
import { addable, presetsFor } from '@/model/presets';
import type { SelectionInputs } from '@/model/selectionInputs';
import {
  itemsOf,
  sayCount,
  withAdded,
  withoutItem,
  withReplaced,
  type Strategy,
  type StrategyItem,
} from '@/model/strategies';
import { AddStrategy } from './AddStrategy';
import { Presets } from './Presets';
import { StrategyCard } from './StrategyCard';
import classes from './Strategies.module.css';

interface StrategyListProps {
  items: readonly StrategyItem[];
  onChange: (items: StrategyItem[]) => void;
  inputs: SelectionInputs;
  /** The dataset whose tags similarity begins with. */
  dataset: { name: string; tags: readonly { name: string }[] } | undefined;
  errors: FieldErrors;
}

/** How to choose: ways that people ask for by name, and the strategies that these are, to be changed. */
export function StrategyList({ items, onChange, inputs, dataset, errors }: StrategyListProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const query = useFirstQuery(dataset);
  const isAlone = sayCount(items) < 2;
  const isOfOne = items.some((_, at) => errors(`selection.strategies.${at}`) !== undefined);
  const listError = isOfOne ? undefined : errors('selection.strategies');
  const add = (strategy: Strategy) => {
    onChange(withAdded(items, strategy));
    // What was added is where one goes on.
    requestAnimationFrame(() => lastOf(list.current)?.focus());
  };
  const remove = (id: number) => {
    onChange(withoutItem(items, id));
    requestAnimationFrame(() => lastOf(list.current)?.focus());
  };
  return (
    <Stack gap="sm">
      <Presets
        presets={presetsFor(inputs)}
        items={items}
        onChoose={(strategies) => onChange(itemsOf(strategies))}
      />
      <div>
        <div className={classes.label} id={id}>
          Strategies
        </div>
        <Stack gap="sm" ref={list} role="list" aria-labelledby={id}>
          {items.map(({ id, strategy }, at) => (
            <StrategyCard
              key={`${id}-${strategy.type}`}
              strategy={strategy}
              onChange={(changed) => onChange(withReplaced(items, id, changed))}
              onRemove={items.length > 1 ? () => remove(id) : undefined}
              inputs={inputs}
              isAlone={isAlone}
              errors={errorsBelow(errors, `selection.strategies.${at}`)}
              ownError={errors(`selection.strategies.${at}`)}
            />
          ))}
        </Stack>
      </div>
      {listError !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)">
          {listError}
        </Text>
      )}
      <AddStrategy strategies={addable(inputs, query)} onAdd={add} />
    </Stack>
  );
}

const lastOf = (list: HTMLElement | null): HTMLElement | null =>
  list?.querySelector<HTMLElement>(':scope > :last-child') ?? null;

/** Where similarity looks at first: a tag of the dataset itself, or else everything in another one. */
function useFirstQuery(dataset: StrategyListProps['dataset']): { dataset: string; tag: string } | null {
  const { data } = useQuery(datasetsQuery);
  const own = dataset?.tags.find(({ name }) => name !== INITIAL_TAG);
  if (dataset !== undefined && own !== undefined) return { dataset: dataset.name, tag: own.name };
  const other = data?.items.find(({ name, sample_count }) => name !== dataset?.name && sample_count > 0);
  return other === undefined ? null : { dataset: other.name, tag: INITIAL_TAG };
}
