import { useEffect, useRef, type ReactNode } from 'react';
import classes from './FormWithSide.module.css';

interface FormWithSideProps {
  children: ReactNode;
  /** What stays in sight: what comes of it, and the button. */
  side: ReactNode;
  onSubmit: () => void;
  /** Why it was refused: the first field that this is about gets the focus. */
  error: unknown;
}

/** A long form with its outcome beside it; below it where there is no room. */
export function FormWithSide({ children, side, onSubmit, error }: FormWithSideProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error === null) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-wrong]')?.focus();
  }, [error]);
  return (
    <form
      ref={form}
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
