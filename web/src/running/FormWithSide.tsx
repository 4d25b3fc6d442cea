import type { ReactNode } from 'react';
import classes from './FormWithSide.module.css';

interface FormWithSideProps {
  children: ReactNode;
  /** What stays in sight: what comes of it, and the button. */
  side: ReactNode;
  onSubmit: () => void;
}

/** A long form with its outcome beside it; below it where there is no room. */
export function FormWithSide({ children, side, onSubmit }: FormWithSideProps) {
  return (
    <form
      className={classes.columns}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <div className={classes.form}>{children}</div>
      <aside className={classes.side}>{side}</aside>
    </form>
  );
}
