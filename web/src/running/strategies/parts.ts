import type { FieldErrors } from '@/model/fieldErrors';
import type { SelectionInputs } from '@/model/selectionInputs';
import type { Strategy } from '@/model/strategies';

/** What every group of fields of a strategy is given. */
export interface PartProps<One extends Strategy = Strategy> {
  strategy: One;
  onChange: (strategy: One) => void;
  inputs: SelectionInputs;
  errors: FieldErrors;
}
