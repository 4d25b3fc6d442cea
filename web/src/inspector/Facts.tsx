import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyButton } from '@/ui/CopyButton';
import classes from './Facts.module.css';

/** Names and values, one below the other. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>;
}

interface FactProps {
  name: string;
  /** A text that can be copied; left out: nothing can. */
  copies?: string;
  children: ReactNode;
}

export function Fact({ name, copies, children }: FactProps) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <span className={classes.value}>{children}</span>
        {copies !== undefined && <CopyButton text={copies} label={`Copy ${name.toLowerCase()}`} />}
      </dd>
    </>
  );
}

/** A part of what one knows of a sample. */
export function Section({
  title,
  action,
  children,
}: {
  title: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.head}>
        <Text component="h3" size="xs" fw={600} c="dimmed">
          {title}
        </Text>
        {action}
      </div>
      {children}
    </section>
  );
}
