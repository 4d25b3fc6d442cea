import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import { replaceView, type View } from '@/api/queries/views';
import { counted } from '@/model/format';
import { samplesPath, unitOf } from '@/model/kinds';
import { searchOf } from '@/model/views';
import { filterInWords, namesIn, sortInWords } from '@/model/words';
import { NameField } from '@/ui/NameField';
import { notifyDone, notifyProblem } from '@/ui/notify';
import { RelativeTime } from '@/ui/RelativeTime';
import classes from './ViewCard.module.css';
import { ViewMenu } from './ViewMenu';
import { ViewPython } from './ViewPython';

/** One view: its name, its rule in words, and what passes it now. */
export function ViewCard({ dataset, view }: { dataset: DatasetDetails; view: View }) {
  const [asked, ask] = useState<'rename' | 'python' | null>(null);
  const close = () => ask(null);
  const rename = (name: string | null) => {
    close();
    if (name === null) return;
    replaceView(view.id, name, view.rule).then(
      () => notifyDone(`${view.name} is called ${name} now`),
      notifyProblem,
    );
  };
  return (
    <article className={classes.card} aria-label={view.name}>
      <div className={classes.main}>
        {asked === 'rename' ? (
          <NameField label={`New name of ${view.name}`} name={view.name} onDone={rename} />
        ) : (
          <Anchor
            c="inherit"
            fw={600}
            renderRoot={(props) => (
              <Link
                {...props}
                to={samplesPath(dataset.kind)}
                params={{ dataset: dataset.id }}
                search={searchOf(view)}
              />
            )}
          >
            {view.name}
          </Anchor>
        )}
        <Text size="sm" mt={2}>
          {filterInWords(view.rule.filter ?? {}, namesIn(dataset)) || 'Everything'}
          <Text span inherit c="dimmed">
            {' '}
            · {sortInWords(view.rule.sort)}
          </Text>
        </Text>
        <Text size="xs" c="dimmed" mt={4}>
          {view.user_name} · changed <RelativeTime time={view.modified_at} />
        </Text>
        {view.problem != null && (
          <Text size="sm" c="red" mt={4}>
            It cannot be counted: {view.problem}.
          </Text>
        )}
      </div>
      {view.count != null && (
        <Text className={classes.count}>{counted(view.count, unitOf(dataset.kind))}</Text>
      )}
      <ViewMenu dataset={dataset} view={view} onRename={() => ask('rename')} onPython={() => ask('python')} />
      {asked === 'python' && <ViewPython dataset={dataset} view={view} onClose={close} />}
    </article>
  );
}
