import { Text } from '@mantine/core';
import { Panel } from '@/ui/Panel';
import classes from './Settings.module.css';

const PAGES: readonly (readonly [string, string])[] = [
  ['What Swath does, and the words for it', 'docs/concepts, docs/glossary.md'],
  ['The object-level run', 'docs/guides/object-level-run.md'],
  ['Buckets, credentials and rights', 'docs/guides/buckets.md'],
  ['Server and workers', 'docs/guides/server.md'],
  ['Python', 'docs/guides/python-client.md'],
  ['Command line', 'docs/reference/cli.md, or swath --help'],
  ['HTTP', 'docs/reference, and /api/openapi.json of this server'],
];

/** Licence, and where to read on. */
export function About() {
  return (
    <Panel title="About">
      <Text size="sm" mb="sm">
        Swath is open source under the Apache License 2.0. It runs on your machines; this page loads nothing
        from anywhere else.
      </Text>
      <Text size="sm" fw={600} mb={4}>
        Where to read on, in the repository
      </Text>
      <dl className={classes.lines}>
        {PAGES.map(([title, place]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              <code>{place}</code>
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
