import { Group, Input, SegmentedControl } from '@mantine/core';
import type { StrategyOf } from '@/model/strategies';
import { NumberField } from '@/ui/NumberField';
import type { PartProps } from './parts';

type Diversity = StrategyOf<'diversity'>;

/** How far apart what is picked has to be, and what becomes of what is not. */
export function MinimumDistance({ strategy, onChange, errors }: PartProps<Diversity>) {
  const isSet = strategy.minimum_distance !== null;
  return (
    <Group gap="md" align="flex-start">
      <NumberField
        label="Minimum distance"
        description="To everything picked before, from 0 to 2. Empty: only the amount counts."
        maw={300}
        step={0.05}
        decimalScale={4}
        placeholder="none"
        value={strategy.minimum_distance}
        onChange={(minimum_distance) =>
          onChange({
            ...strategy,
            minimum_distance,
            // Without a distance there is nothing to pass over.
            minimum_distance_mode: minimum_distance === null ? 'stop' : strategy.minimum_distance_mode,
          })
        }
        error={errors('minimum_distance')}
      />
      {isSet && (
        <Input.Wrapper
          label="What is closer"
          labelElement="div"
          description={
            strategy.minimum_distance_mode === 'stop'
              ? 'The selection ends when the best one left is closer'
              : 'Passed over; the selection goes on with others'
          }
          error={errors('minimum_distance_mode')}
          maw={300}
        >
          <SegmentedControl
            size="xs"
            mt={6}
            aria-label="What becomes of what is closer"
            value={strategy.minimum_distance_mode}
            onChange={(mode) =>
              onChange({ ...strategy, minimum_distance_mode: mode as Diversity['minimum_distance_mode'] })
            }
            data={[
              { value: 'stop', label: 'ends it' },
              { value: 'filter', label: 'is passed over' },
            ]}
          />
        </Input.Wrapper>
      )}
    </Group>
  );
}
