import type { ReactNode } from 'react';
import type { FieldErrors } from '@/model/fieldErrors';
import type { Choice } from '@/model/runForm';
import type { SelectionInputs } from '@/model/selectionInputs';
import { AmountField } from './AmountField';
import { LimitFields } from './strategies/LimitFields';
import { StrategyList } from './strategies/StrategyList';

interface ChoosingFieldsProps {
  choice: Choice;
  onChange: (changed: Partial<Choice>) => void;
  /** How many there are to choose from, as far as is known. */
  available: number | null;
  /** What the amount means. */
  meaning: ReactNode;
  inputs: SelectionInputs;
  dataset: { name: string; tags: readonly { name: string }[] } | undefined;
  errors: FieldErrors;
}

/** How many, and how to choose them. */
export function ChoosingFields(props: ChoosingFieldsProps) {
  const { choice, onChange, available, meaning, inputs, dataset, errors } = props;
  return (
    <>
      <AmountField
        amount={choice.amount}
        onChange={(amount) => onChange({ amount })}
        available={available}
        meaning={meaning}
        error={errors('selection.n_samples', 'selection.proportion_samples')}
      />
      <StrategyList
        items={choice.strategies}
        onChange={(strategies) => onChange({ strategies })}
        inputs={inputs}
        dataset={dataset}
        errors={errors}
      />
      {inputs.unit === 'objects' && (
        <LimitFields
          limits={choice.limits}
          onChange={(limits) => onChange({ limits })}
          categories={inputs.quotas}
          errors={errors}
        />
      )}
    </>
  );
}
