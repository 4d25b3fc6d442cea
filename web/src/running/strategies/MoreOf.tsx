import { Group, Select } from '@mantine/core';
import type { Aggregate } from '@/model/strategies';
import { NumberField, RequiredNumber } from '@/ui/NumberField';
import { comparesVectors } from './fields';
import { MinimumDistance } from './MinimumDistance';
import type { PartProps } from './parts';
import { VectorsField } from './VectorsField';

const AGGREGATES: { value: Aggregate; label: string }[] = [
  { value: 'max', label: 'their highest value' },
  { value: 'mean', label: 'the mean of their values' },
  { value: 'sum', label: 'the sum of their values' },
];

interface MoreOfProps extends PartProps {
  /** Which of them. */
  fields: readonly string[];
}

/** What can be decided about a strategy beyond that. */
export function MoreOf(props: MoreOfProps) {
  const { strategy, onChange, errors, fields } = props;
  return (
    <>
      {comparesVectors(strategy) && fields.includes('input') && (
        <VectorsField {...props} strategy={strategy} />
      )}
      {'aggregate' in strategy && fields.includes('aggregate') && (
        <Select
          label="Of several objects counts"
          maw={320}
          allowDeselect={false}
          value={strategy.aggregate}
          onChange={(aggregate) => onChange({ ...strategy, aggregate: (aggregate ?? 'max') as Aggregate })}
          data={AGGREGATES}
          error={errors('aggregate')}
        />
      )}
      {strategy.type === 'diversity' && <MinimumDistance {...props} strategy={strategy} />}
      {'num_nearest_neighbors' in strategy && (
        <RequiredNumber
          label="Neighbours"
          description="How many of the nearest count for each"
          maw={320}
          allowDecimal={false}
          value={strategy.num_nearest_neighbors}
          onChange={(num_nearest_neighbors) => onChange({ ...strategy, num_nearest_neighbors })}
          error={errors('num_nearest_neighbors')}
        />
      )}
      {strategy.type === 'typicality' && (
        <NumberField
          label="Minimum typicality"
          description="From 0 to 1; stop when everything left is less typical. Empty: only the amount counts."
          maw={320}
          step={0.05}
          placeholder="none"
          value={strategy.minimum_typicality}
          onChange={(minimum_typicality) => onChange({ ...strategy, minimum_typicality })}
          error={errors('minimum_typicality')}
        />
      )}
      {strategy.type === 'weights' && <SumFields {...props} strategy={strategy} />}
    </>
  );
}

function SumFields({
  strategy,
  onChange,
  errors,
}: PartProps<Extract<PartProps['strategy'], { type: 'weights' }>>) {
  const range = strategy.target_range ?? {};
  const changeRange = (changed: { min_sum?: number | null; max_sum?: number | null }) => {
    const { min_sum = null, max_sum = null } = { ...range, ...changed };
    onChange({
      ...strategy,
      target_range: min_sum === null && max_sum === null ? null : { min_sum, max_sum },
    });
  };
  return (
    <>
      <NumberField
        label="Maximum sum"
        description="Stop as soon as what is picked adds up to this"
        maw={320}
        placeholder="none"
        value={strategy.maximum_sum}
        onChange={(maximum_sum) => onChange({ ...strategy, maximum_sum })}
        error={errors('maximum_sum')}
      />
      <Group gap="sm" align="flex-start">
        <NumberField
          label="Sum at least"
          description="Said if it is not reached"
          w={190}
          placeholder="none"
          value={range.min_sum ?? null}
          onChange={(min_sum) => changeRange({ min_sum })}
          error={errors('target_range')}
        />
        <NumberField
          label="Sum at most"
          description="What would go above is passed over"
          w={230}
          placeholder="none"
          value={range.max_sum ?? null}
          onChange={(max_sum) => changeRange({ max_sum })}
          error={errors('target_range') !== undefined}
        />
      </Group>
    </>
  );
}
