import { Group, NumberInput, Radio, Stack } from '@mantine/core';
import type { FieldErrors } from '@/model/fieldErrors';
import type { StrategyChoice } from '@/model/runForm';

interface StrategyFieldsProps {
  strategy: StrategyChoice;
  onChange: (strategy: StrategyChoice) => void;
  errors: FieldErrors;
}

/** How to choose. The server takes one strategy at a time. */
export function StrategyFields({ strategy, onChange, errors }: StrategyFieldsProps) {
  return (
    <Stack gap="sm">
      <Radio.Group
        label="Strategy"
        value={strategy.type}
        onChange={(type) => onChange({ ...strategy, type: type as StrategyChoice['type'] })}
      >
        <Group gap="xl" mt={6} align="flex-start">
          <Radio
            value="diversity"
            label="Diversity"
            description="What looks least like everything chosen before"
          />
          <Radio value="random" label="Random" description="A fair sample, to compare with" />
        </Group>
      </Radio.Group>
      {strategy.type === 'diversity' ? (
        <NumberInput
          label="Minimum distance"
          description="Stop when everything left is closer than this to something chosen. Empty: only the amount counts."
          maw={320}
          step={0.05}
          decimalScale={4}
          placeholder="none"
          value={strategy.minimumDistance}
          onChange={(value) =>
            onChange({ ...strategy, minimumDistance: typeof value === 'number' ? value : '' })
          }
          error={errors('selection.strategies')}
        />
      ) : (
        <NumberInput
          label="Seed"
          description="The same seed chooses the same"
          maw={320}
          allowDecimal={false}
          value={strategy.seed}
          onChange={(value) => onChange({ ...strategy, seed: typeof value === 'number' ? value : '' })}
          error={errors('selection.strategies')}
        />
      )}
    </Stack>
  );
}
