import { choiceOf } from '@/model/selectionInputs';
import type { Strategy } from '@/model/strategies';
import { InputSelect } from './InputSelect';
import type { PartProps } from './parts';

type OfVectors = Extract<Strategy, { type: 'diversity' | 'representative' | 'typicality' | 'similarity' }>;

/** Whose looks are compared, where there is more than one answer. */
export function VectorsField({ strategy, onChange, inputs, errors }: PartProps<OfVectors>) {
  const isSettled = inputs.vectors.length < 2 && choiceOf(strategy.input, inputs.vectors) !== undefined;
  if (isSettled && errors('input') === undefined) return null;
  return (
    <InputSelect
      label="Compare"
      input={strategy.input}
      onChange={(input) => onChange({ ...strategy, input })}
      choices={inputs.vectors}
      error={errors('input')}
    />
  );
}
