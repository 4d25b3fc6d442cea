import { Group, MultiSelect } from '@mantine/core';
import type { FieldErrors } from '@/model/fieldErrors';
import { choiceOf, type NumberChoice, type SelectionInputs } from '@/model/selectionInputs';
import type { NumberInput } from '@/model/strategies';
import { RequiredNumber } from '@/ui/NumberField';
import { InputSelect } from './InputSelect';

interface NumberInputFieldsProps<Input extends NumberInput> {
  input: Input;
  onChange: (input: Input) => void;
  choices: readonly NumberChoice<Input>[];
  inputs: SelectionInputs;
  errors: FieldErrors;
}

/** The number that a strategy goes by, with what that number itself can be told. */
export function NumberInputFields<Input extends NumberInput>(props: NumberInputFieldsProps<Input>) {
  const { input, onChange, choices, inputs, errors } = props;
  return (
    <>
      <InputSelect
        label="Number"
        description={rangeWords(choiceOf(input, choices))}
        input={input}
        onChange={onChange}
        choices={choices}
        error={errors('input')}
      />
      {input.type === 'predictions' && (
        <MultiSelect
          label="Of categories"
          placeholder={input.categories == null ? 'all' : undefined}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'All categories' }}
          value={[...(input.categories ?? [])]}
          onChange={(names) => onChange({ ...input, categories: names.length === 0 ? null : names })}
          data={categoriesOf(input.task, inputs)}
        />
      )}
      {input.type === 'random' && (
        <RequiredNumber
          label="Seed"
          maw={240}
          min={0}
          allowDecimal={false}
          value={input.seed ?? 0}
          onChange={(seed) => onChange({ ...input, seed })}
        />
      )}
      {inputs.areScoresNew && input.type === 'scores' && input.score === 'object_frequency' && (
        <Group grow align="flex-start" gap="sm">
          <RequiredNumber
            label="Frequency penalty"
            description="How much each further object of a category counts"
            step={0.05}
            value={input.frequency_penalty ?? 0.25}
            onChange={(frequency_penalty) => onChange({ ...input, frequency_penalty })}
          />
          <RequiredNumber
            label="Lowest score"
            description="Of the image with the fewest objects"
            step={0.05}
            value={input.min_score ?? 0.9}
            onChange={(min_score) => onChange({ ...input, min_score })}
          />
        </Group>
      )}
    </>
  );
}

function categoriesOf(task: string | null | undefined, { categories }: SelectionInputs): string[] {
  const found = categories.find(
    ({ value }) => value.type === 'predictions' && (task == null || value.task === task),
  );
  return [...new Set((found?.names ?? []).map(({ name }) => name))];
}

function rangeWords(choice: NumberChoice<NumberInput> | undefined): string | undefined {
  const range = choice?.range ?? null;
  if (range === null || choice?.value.type === 'random') return undefined;
  return `From ${short(range[0])} to ${short(range[1])}`;
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
