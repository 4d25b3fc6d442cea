import type { OfVectors } from './fields';
import { InputSelect } from './InputSelect';
import type { PartProps } from './parts';

/** Whose looks are compared. */
export function VectorsField({ strategy, onChange, inputs, errors }: PartProps<OfVectors>) {
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
