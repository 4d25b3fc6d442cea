import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { ChevronRight, RotateCcw } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import classes from './filters.module.css';

interface FacetSectionProps {
  title: string;
  /** Whether the filter asks for something here. */
  isActive: boolean;
  onReset: () => void;
  isOpenAtFirst?: boolean;
  children: ReactNode;
}

/** One kind of thing to filter by, which can be folded away. */
export function FacetSection({
  title,
  isActive,
  onReset,
  isOpenAtFirst = true,
  children,
}: FacetSectionProps) {
  const [isOpen, setOpen] = useState(isOpenAtFirst || isActive);
  const id = useId();
  return (
    <section className={classes.section}>
      <div className={classes.sectionHead}>
        <UnstyledButton
          className={classes.sectionTitle}
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
        >
          <ChevronRight size={14} aria-hidden className={classes.chevron} data-open={isOpen || undefined} />
          {title}
        </UnstyledButton>
        {isActive && (
          <Tooltip label={`Any ${title.toLowerCase()}`}>
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              aria-label={`Any ${title.toLowerCase()}`}
              onClick={onReset}
            >
              <RotateCcw size={13} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <div id={id} hidden={!isOpen} className={classes.sectionBody}>
        {isOpen && children}
      </div>
    </section>
  );
}
