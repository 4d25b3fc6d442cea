import { ActionIcon, Stack, Text } from '@mantine/core';
import { X } from 'lucide-react';
import { useId } from 'react';
import type { FieldErrors } from '@/model/fieldErrors';
import type { SelectionInputs } from '@/model/selectionInputs';
import { hasStrength, STRATEGY_WORDS, type Strategy } from '@/model/strategies';
import { fieldsOf, foldedFields, isSaid } from './fields';
import { STRATEGY_ICONS } from './icons';
import { MoreFields } from './MoreFields';
import { MoreOf } from './MoreOf';
import classes from './Strategies.module.css';
import { StrengthField } from './StrengthField';
import { TypeFields } from './TypeFields';

interface StrategyCardProps {
  strategy: Strategy;
  onChange: (strategy: Strategy) => void;
  /** Left out where it is the last one. */
  onRemove: (() => void) | undefined;
  inputs: SelectionInputs;
  /** Whether no other strategy has a say: then strength decides nothing between them. */
  isAlone: boolean;
  /** What is wrong with its fields. */
  errors: FieldErrors;
  /** What is wrong with it at all. */
  ownError: string | undefined;
}

/** One strategy: what it does, its fields, and how much of a say it has. */
export function StrategyCard(props: StrategyCardProps) {
  const { strategy, onChange, onRemove, inputs, isAlone, errors, ownError } = props;
  const id = useId();
  const { title, about } = STRATEGY_WORDS[strategy.type];
  const Icon = STRATEGY_ICONS[strategy.type];
  const isShownElsewhere = errors(...fieldsOf(strategy)) !== undefined;
  const strength = hasStrength(strategy) && (
    <StrengthField
      of={title}
      value={strategy.strength}
      onChange={(value) => onChange({ ...strategy, strength: value })}
      error={errors('strength')}
    />
  );
  const folded = foldedFields(strategy, inputs, isAlone);
  const parts = { strategy, onChange, inputs, errors };
  return (
    <div
      role="listitem"
      className={classes.card}
      aria-labelledby={`${id}-title`}
      tabIndex={-1}
      data-wrong={(ownError !== undefined && !isShownElsewhere) || undefined}
    >
      <div className={classes.cardHead}>
        <Icon size={18} className={classes.icon} aria-hidden />
        <div className={classes.words}>
          <h3 id={`${id}-title`}>{title}</h3>
          <Text size="sm" c="dimmed">
            {about}
          </Text>
        </div>
        {onRemove !== undefined && (
          <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${title}`} onClick={onRemove}>
            <X size={16} />
          </ActionIcon>
        )}
      </div>
      <Stack gap="sm" className={classes.cardBody}>
        <TypeFields {...parts} />
        {!isAlone && strength}
        {folded.length > 0 && (
          <MoreFields
            of={title}
            isOpenAtFirst={isSaid(strategy, folded)}
            isWrong={errors(...folded) !== undefined}
          >
            <MoreOf {...parts} fields={folded} />
            {isAlone && strength}
          </MoreFields>
        )}
        {ownError !== undefined && !isShownElsewhere && (
          <Text size="sm" c="var(--mantine-color-error)">
            {ownError}
          </Text>
        )}
      </Stack>
    </div>
  );
}
