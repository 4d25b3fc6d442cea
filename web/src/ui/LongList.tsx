import { Button } from '@mantine/core';
import { useState, type ReactNode } from 'react';

interface LongListProps<Row> {
  rows: readonly Row[];
  /** How many are shown at first. */
  most: number;
  /** What the rows are, as `categories`. */
  what: string;
  children: (shown: readonly Row[]) => ReactNode;
}

/** The first of many rows, and all of them once somebody asks. One more than fit is no reason to ask. */
export function LongList<Row>({ rows, most, what, children }: LongListProps<Row>) {
  const [isAll, setAll] = useState(false);
  const isCut = rows.length > most + 1;
  return (
    <>
      {children(isCut && !isAll ? rows.slice(0, most) : rows)}
      {isCut && (
        <Button
          size="compact-sm"
          variant="subtle"
          mt={6}
          aria-expanded={isAll}
          onClick={() => setAll(!isAll)}
        >
          {isAll ? `Show the first ${most}` : `Show all ${rows.length} ${what}`}
        </Button>
      )}
    </>
  );
}
