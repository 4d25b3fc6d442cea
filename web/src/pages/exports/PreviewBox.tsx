import { Text } from '@mantine/core';
import type { ExportPreview } from '@/api/queries/exports';
import classes from './Exports.module.css';

/** The first records of a file as they will stand in it. */
export function PreviewBox({ preview, isOld }: { preview: ExportPreview; isOld: boolean }) {
  const { head, records } = preview;
  return (
    <div style={{ opacity: isOld ? 0.5 : 1 }} aria-busy={isOld}>
      <Text size="sm" fw={500} mb={4}>
        How it begins
      </Text>
      {head === '' && records.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing would be in it.
        </Text>
      )}
      <div className={classes.preview} role="region" aria-label="How the file begins" tabIndex={0}>
        {head !== '' && <pre className={classes.head}>{head.trimEnd()}</pre>}
        {records.map((record, at) => (
          <pre key={at}>{record.trimEnd()}</pre>
        ))}
      </div>
    </div>
  );
}
