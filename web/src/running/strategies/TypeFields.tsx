import { RANDOM_NUMBERS } from '@/model/selectionInputs';
import { RequiredNumber } from '@/ui/NumberField';
import { BalanceFields } from './BalanceFields';
import { NumberInputFields } from './NumberInputFields';
import type { PartProps } from './parts';
import { QueryFields } from './QueryFields';
import { ThresholdFields } from './ThresholdFields';
import { VectorsField } from './VectorsField';

/** What everybody decides about a strategy of each type. */
export function TypeFields(props: PartProps) {
  const { strategy, onChange, inputs, errors } = props;
  switch (strategy.type) {
    case 'diversity':
    case 'representative':
    case 'typicality':
      return <VectorsField {...props} strategy={strategy} />;
    case 'similarity':
      return (
        <>
          <QueryFields {...props} strategy={strategy} />
          <VectorsField {...props} strategy={strategy} />
        </>
      );
    case 'weights':
      return (
        <NumberInputFields
          input={strategy.input}
          onChange={(input) => onChange({ ...strategy, input })}
          choices={[...inputs.numbers, RANDOM_NUMBERS]}
          inputs={inputs}
          errors={errors}
        />
      );
    case 'threshold':
      return <ThresholdFields {...props} strategy={strategy} />;
    case 'balance':
      return <BalanceFields {...props} strategy={strategy} />;
    case 'random':
      return (
        <RequiredNumber
          label="Seed"
          maw={240}
          allowDecimal={false}
          value={strategy.seed}
          onChange={(seed) => onChange({ ...strategy, seed })}
          error={errors('seed')}
        />
      );
  }
}
