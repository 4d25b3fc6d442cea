import { Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Section.module.css';

interface SectionProps {
  title: string;
  about?: ReactNode;
  children: ReactNode;
}

/** One part of a form or a report, with what it is about. */
export function Section({ title, about, children }: SectionProps) {
  return (
    <section className={classes.section} aria-label={title}>
      <Title order={2} fz={15} fw={600}>
        {title}
      </Title>
      {about !== undefined && (
        <Text size="sm" c="dimmed" mt={2} component="div">
          {about}
        </Text>
      )}
      <div className={classes.body}>{children}</div>
    </section>
  );
}
