import { Collapse, Stack, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ChevronRight } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import classes from './Strategies.module.css';

interface MoreFieldsProps {
  title?: string;
  /** Whose options these are, for who hears the page. */
  of?: string;
  /** Whether something in there was said already. */
  isOpenAtFirst: boolean;
  /** Whether something is wrong in there: then it is open. */
  isWrong: boolean;
  children: ReactNode;
}

/** Fields that most people leave as they are. */
export function MoreFields({
  title = 'More options',
  of,
  isOpenAtFirst,
  isWrong,
  children,
}: MoreFieldsProps) {
  const [isOpen, { toggle }] = useDisclosure(isOpenAtFirst);
  const id = useId();
  const isShown = isOpen || isWrong;
  return (
    <div>
      <UnstyledButton
        className={classes.more}
        onClick={toggle}
        aria-expanded={isShown}
        aria-controls={id}
        aria-label={of === undefined ? undefined : `${title} of ${of}`}
      >
        <ChevronRight size={14} aria-hidden data-open={isShown || undefined} /> {title}
      </UnstyledButton>
      <Collapse expanded={isShown} id={id}>
        <Stack gap="sm" pt="xs">
          {children}
        </Stack>
      </Collapse>
    </div>
  );
}
