import { Radio } from '@mantine/core';
import type { ExportFormat } from '@/api/queries/exports';
import { purposesFor } from '@/model/exports';
import classes from './Exports.module.css';

interface FormatCardsProps {
  kind: string;
  format: ExportFormat;
  onChange: (format: ExportFormat) => void;
}

/** All formats by what they are for. */
export function FormatCards({ kind, format, onChange }: FormatCardsProps) {
  return (
    <Radio.Group
      value={format}
      aria-label="Format"
      name="format"
      onChange={(value) => onChange(value as ExportFormat)}
    >
      <div className={classes.purposes}>
        {purposesFor(kind).map(({ title, formats }) => (
          <section key={title} aria-label={title}>
            <h2>{title}</h2>
            {formats.map((one) => (
              <Radio.Card key={one.format} value={one.format} className={classes.card}>
                <Radio.Indicator size="xs" mt={3} />
                <span>
                  {one.title}
                  <small>{one.about}</small>
                </span>
              </Radio.Card>
            ))}
          </section>
        ))}
      </div>
    </Radio.Group>
  );
}
