import { Input, SegmentedControl, Text } from '@mantine/core';
import { choiceOf } from '@/model/selectionInputs';
import type { StrategyOf } from '@/model/strategies';
import { firstTarget } from '@/model/targetShares';
import { InputSelect } from './InputSelect';
import type { PartProps } from './parts';
import { TargetFields } from './TargetFields';

type Balance = StrategyOf<'balance'>;
type Distribution = NonNullable<Balance['distribution']>;

const WORDS: Record<Distribution, string> = {
  uniform: 'Every category gets the same share, as far as there are enough.',
  input: 'Categories keep the shares that they have among everything there is to choose from.',
  target: 'Each category gets the share that you say.',
};

/** Which categories, and what shares they should come to. */
export function BalanceFields({ strategy, onChange, inputs, errors }: PartProps<Balance>) {
  const distribution = strategy.distribution ?? 'uniform';
  const known = choiceOf(strategy.input, inputs.categories);
  const names = known?.names ?? [];
  const choose = (next: Distribution) =>
    onChange({
      ...strategy,
      distribution: next,
      target: next === 'target' ? { ...(strategy.target ?? firstTarget(names)) } : null,
    });
  return (
    <>
      {(inputs.categories.length > 1 || known === undefined || errors('input') !== undefined) && (
        <InputSelect
          label="Balance"
          input={strategy.input}
          onChange={(input) => {
            const others = choiceOf(input, inputs.categories)?.names ?? [];
            const target = strategy.target === null ? null : { ...firstTarget(others) };
            onChange({ ...strategy, input, target });
          }}
          choices={inputs.categories}
          error={errors('input')}
        />
      )}
      <Input.Wrapper label="Shares" labelElement="div" error={errors('distribution')}>
        <div>
          <SegmentedControl
            size="xs"
            mt={4}
            aria-label="Shares"
            value={distribution}
            onChange={(next) => choose(next as Distribution)}
            data={[
              { value: 'uniform', label: 'Equal' },
              { value: 'input', label: 'As they are' },
              { value: 'target', label: 'My own' },
            ]}
          />
        </div>
        <Text size="sm" c="dimmed" mt={4}>
          {WORDS[distribution]}
        </Text>
      </Input.Wrapper>
      {distribution === 'target' && (
        <TargetFields
          target={strategy.target ?? {}}
          onChange={(target) => onChange({ ...strategy, target: { ...target } })}
          names={names}
          error={errors('target')}
        />
      )}
    </>
  );
}
