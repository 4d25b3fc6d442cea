import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { Schemas } from '@/api/client';
import { counted } from '@/model/format';
import { TextLink } from './TextLink';
import { Worded } from './Worded';
import classes from './FindingItem.module.css';

const ICONS = { error: CircleAlert, warning: TriangleAlert } as const;

const IMAGE = /\.(jpe?g|png|tiff?|bmp|webp)$/i;

interface FindingItemProps {
  finding: Schemas['FindingDocument'];
  /** The image dataset in which examples can be looked at. */
  dataset?: string;
}

/** One thing that a person should know about the input, in the words of who found it. */
export function FindingItem({ finding, dataset }: FindingItemProps) {
  const Icon = finding.severity in ICONS ? ICONS[finding.severity as keyof typeof ICONS] : Info;
  const examples = finding.examples ?? [];
  const unnamed = (finding.count ?? 0) - examples.length;
  return (
    <div className={classes.finding} data-severity={finding.severity}>
      <Icon size={16} className={classes.icon} aria-label={finding.severity} />
      <div className={classes.words}>
        <p>
          <Worded text={finding.message} />
        </p>
        {finding.hint && (
          <p className={classes.hint}>
            <Worded text={finding.hint} />
          </p>
        )}
        {examples.length > 0 && (
          <details>
            <summary>{counted(examples.length, 'example')}</summary>
            <ul>
              {examples.map((example) => (
                <li key={example}>
                  {dataset !== undefined && IMAGE.test(example) ? (
                    <TextLink
                      to="/d/$dataset/images"
                      params={{ dataset }}
                      search={{ q: { file_name: example } }}
                      inherit
                    >
                      {example}
                    </TextLink>
                  ) : (
                    example
                  )}
                </li>
              ))}
              {unnamed > 0 && <li>… and {counted(unnamed, 'more', 'more')}</li>}
            </ul>
          </details>
        )}
      </div>
    </div>
  );
}
