import { Text } from '@mantine/core';
import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { Schemas } from '@/api/client';
import { count } from '@/model/format';
import { TextLink } from '@/ui/TextLink';
import classes from './Findings.module.css';

const ICONS = { error: CircleAlert, warning: TriangleAlert, info: Info } as const;
const IMAGE = /\.(jpe?g|png|tiff?|bmp|webp)$/i;

interface FindingsProps {
  findings: readonly Schemas['FindingDocument'][];
  /** The image dataset in which examples can be looked at. */
  dataset?: string;
}

/** What a person should know about an input, what to do about it, and examples. */
export function Findings({ findings, dataset }: FindingsProps) {
  return (
    <ul className={classes.list}>
      {findings.map((finding, at) => {
        const Icon = ICONS[finding.severity as keyof typeof ICONS] ?? Info;
        return (
          <li key={`${finding.code}-${at}`} className={classes.finding} data-severity={finding.severity}>
            <span className={classes.icon}>
              <Icon size={16} aria-label={finding.severity} />
            </span>
            <div>
              <div>{finding.message}</div>
              {finding.hint && (
                <Text size="sm" c="dimmed">
                  {finding.hint}
                </Text>
              )}
              <Examples finding={finding} dataset={dataset} />
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function Examples({ finding, dataset }: { finding: Schemas['FindingDocument']; dataset?: string }) {
  const examples = finding.examples ?? [];
  const more = (finding.count ?? 0) - examples.length;
  if (examples.length === 0) return null;
  return (
    <div className={classes.examples}>
      {examples.map((example) =>
        dataset !== undefined && IMAGE.test(example) ? (
          <TextLink
            key={example}
            to="/d/$dataset/images"
            params={{ dataset }}
            search={{ q: { file_name: example } }}
            size="sm"
          >
            {example}
          </TextLink>
        ) : (
          <span key={example}>{example}</span>
        ),
      )}
      {more > 0 && <Text size="sm">and {count(more)} more</Text>}
    </div>
  );
}
