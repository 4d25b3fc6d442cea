import { Group, Input, Slider } from '@mantine/core';
import { strengthInWords } from '@/model/strategies';
import { RequiredNumber } from '@/ui/NumberField';
import classes from './Strategies.module.css';

interface StrengthFieldProps {
  /** Title of the strategy. */
  of: string;
  value: number;
  onChange: (value: number) => void;
  error?: string;
}

const MOST = 3;

/** How much of a say a strategy has beside the others: from none to a strong one; the number goes further. */
export function StrengthField({ of, value, onChange, error }: StrengthFieldProps) {
  return (
    <Input.Wrapper label="Strength" labelElement="div" error={error}>
      <Group gap="md" wrap="nowrap" align="flex-start" mt={2}>
        <Slider
          flex={1}
          mt={8}
          mb={18}
          min={0}
          max={MOST}
          step={0.1}
          value={Math.min(MOST, Math.max(0, value))}
          onChange={(next) => onChange(Number(next.toFixed(1)))}
          label={null}
          thumbLabel={`Strength of ${of}`}
          marks={[
            { value: 0, label: 'no say' },
            { value: 1, label: 'usual' },
            { value: MOST, label: 'strong' },
          ]}
          classNames={{ markLabel: classes.markLabel }}
        />
        <div className={classes.strengthNumber}>
          <RequiredNumber
            size="xs"
            aria-label={`Strength of ${of} as a number`}
            step={0.1}
            decimalScale={4}
            value={value}
            onChange={onChange}
            error={error !== undefined}
          />
          <span className={classes.strengthWords} aria-live="polite">
            {strengthInWords(value)}
          </span>
        </div>
      </Group>
    </Input.Wrapper>
  );
}
