import { Select } from '@mantine/core';
import { choiceKey, choiceOf, inputInWords, type Choice } from '@/model/selectionInputs';
import type { CategoryInput, EmbeddingsInput, NumberInput } from '@/model/strategies';

type Input = NumberInput | CategoryInput | EmbeddingsInput;

interface InputSelectProps<One extends Input> {
  label: string;
  description?: string;
  input: One;
  onChange: (input: One) => void;
  choices: readonly Choice<One>[];
  error?: string;
}

/** What a strategy goes by, of all that is there. What a cloned run went by stays, even if it is gone. */
export function InputSelect<One extends Input>(props: InputSelectProps<One>) {
  const { label, description, input, onChange, choices, error } = props;
  const current = choiceOf(input, choices);
  const key = choiceKey(current?.value ?? input);
  const groups = [...new Set(choices.map(({ group }) => group))];
  const option = ({ value, label: words }: Choice<One>) => ({ value: choiceKey(value), label: words });
  const others = current === undefined ? [{ value: key, label: inputInWords(input) || 'Nothing yet' }] : [];
  return (
    <Select
      label={label}
      description={description}
      allowDeselect={false}
      searchable={choices.length > 8}
      maxDropdownHeight={320}
      value={key}
      onChange={(chosen) => {
        const found = choices.find(({ value }) => choiceKey(value) === chosen);
        if (found !== undefined) onChange(found.value);
      }}
      data={[
        ...others,
        ...(groups.length === 1 && groups[0] === ''
          ? choices.map(option)
          : groups.map((group) => ({
              group,
              items: choices.filter((choice) => choice.group === group).map(option),
            }))),
      ]}
      error={error}
    />
  );
}
