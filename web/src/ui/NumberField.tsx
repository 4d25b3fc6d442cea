import { NumberInput, type NumberInputProps } from '@mantine/core';
import { useState } from 'react';

interface NumberFieldProps extends Omit<
  NumberInputProps,
  'value' | 'onChange' | 'defaultValue' | 'onBlur' | 'onFocus'
> {
  value: number | null;
  onChange: (value: number | null) => void;
}

/** A number that may be missing. What is not one yet (`-`, `0.`) stays as it is typed until it is. */
export function NumberField({ value, onChange, ...rest }: NumberFieldProps) {
  const [typed, setTyped] = useState<string | number | null>(null);
  return (
    <NumberInput
      {...rest}
      value={typed ?? value ?? ''}
      onChange={(next) => {
        setTyped(next);
        const number = next === '' ? null : Number(next);
        if (number === null || Number.isFinite(number)) onChange(number);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

interface RequiredNumberProps extends Omit<NumberFieldProps, 'value' | 'onChange'> {
  value: number;
  onChange: (value: number) => void;
}

/** A number that is always there: an empty field keeps the one before. */
export function RequiredNumber({ onChange, ...rest }: RequiredNumberProps) {
  return <NumberField {...rest} onChange={(value) => value !== null && onChange(value)} />;
}
