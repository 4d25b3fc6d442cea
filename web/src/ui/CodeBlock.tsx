import { CopyButton } from './CopyButton';
import classes from './CodeBlock.module.css';

/** Code or a command, to read and to copy. */
export function CodeBlock({ code, label = 'Copy' }: { code: string; label?: string }) {
  return (
    <div className={classes.block}>
      <pre tabIndex={0}>{code}</pre>
      <div className={classes.copy}>
        <CopyButton text={code} label={label} />
      </div>
    </div>
  );
}
