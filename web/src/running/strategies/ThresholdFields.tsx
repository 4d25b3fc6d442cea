import { Group, Select } from '@mantine/core';
import { middleOf } from '@/model/presets';
import { choiceOf } from '@/model/selectionInputs';
import type { StrategyOf } from '@/model/strategies';
import { RequiredNumber } from '@/ui/NumberField';
import { NumberInputFields } from './NumberInputFields';
import type { PartProps } from './parts';

type Threshold = StrategyOf<'threshold'>;

const OPERATIONS: { value: Threshold['operation']; label: string }[] = [
  { value: 'bigger_equal', label: 'at least' },
  { value: 'bigger', label: 'more than' },
  { value: 'smaller_equal', label: 'at most' },
  { value: 'smaller', label: 'less than' },
];

/** Which number has to pass which limit. */
export function ThresholdFields({ strategy, onChange, inputs, errors }: PartProps<Threshold>) {
  return (
    <>
      <NumberInputFields
        input={strategy.input}
        onChange={(input) => {
          const isOther = input.type !== strategy.input.type || 'key' in input || 'score' in input;
          const limit = choiceOf(input, inputs.numbers);
          onChange({
            ...strategy,
            input,
            threshold: isOther && limit !== undefined ? middleOf(limit) : strategy.threshold,
          });
        }}
        choices={inputs.numbers}
        inputs={inputs}
        errors={errors}
      />
      <Group gap="sm" align="flex-start" grow>
        <Select
          label="Keep what is"
          allowDeselect={false}
          value={strategy.operation}
          onChange={(operation) =>
            onChange({ ...strategy, operation: (operation ?? 'bigger_equal') as Threshold['operation'] })
          }
          data={OPERATIONS}
          error={errors('operation')}
        />
        <RequiredNumber
          label="Limit"
          step={0.05}
          value={strategy.threshold}
          onChange={(threshold) => onChange({ ...strategy, threshold })}
          error={errors('threshold')}
        />
      </Group>
    </>
  );
}
