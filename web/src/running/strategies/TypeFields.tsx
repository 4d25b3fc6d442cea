import { RANDOM_NUMBERS, type SelectionInputs } from '@/model/selectionInputs';
import { RequiredNumber } from '@/ui/NumberField';
import { BalanceFields } from './BalanceFields';
import { hasChoice, type OfVectors } from './fields';
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
      return asksForVectors(strategy, inputs) && <VectorsField {...props} strategy={strategy} />;
    case 'similarity':
      return (
        <>
          <QueryFields {...props} strategy={strategy} />
          {asksForVectors(strategy, inputs) && <VectorsField {...props} strategy={strategy} />}
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

/** Objects are compared with objects by nearly everybody: of them this is folded away. */
const asksForVectors = (strategy: OfVectors, inputs: SelectionInputs): boolean =>
  inputs.unit === 'images' && hasChoice(strategy, inputs);
