import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useConnection } from '@/api/events';
import { healthQuery } from '@/api/queries/account';
import { CopyButton } from '@/ui/CopyButton';
import { Panel } from '@/ui/Panel';
import classes from './Settings.module.css';
import { webglRenderer } from './webglRenderer';

/** What one tells somebody who helps: versions, the connection, what draws maps. */
export function Diagnostics() {
  const { data: health, error } = useQuery(healthQuery);
  const isLive = useConnection((state) => state.isLive);
  const [renderer] = useState(webglRenderer);
  const lines: readonly (readonly [string, string])[] = [
    ['Swath', health?.version ?? (error === null ? '…' : 'unknown')],
    ['Server', error === null ? (health?.status ?? '…') : 'does not answer'],
    ['Live events', isLive ? 'arrive' : 'are cut off; pages ask again every few seconds'],
    ['WebGL 2', renderer ?? 'not there; maps are shown as pictures'],
    ['Browser', navigator.userAgent],
    ['Screen', `${window.innerWidth} × ${window.innerHeight}, ${window.devicePixelRatio} pixels per point`],
    ['Address', `${window.location.origin}${window.isSecureContext ? '' : ' (not secure)'}`],
  ];
  const text = lines.map(([label, value]) => `${label}: ${value}`).join('\n');
  return (
    <Panel title="Diagnostics" aside={<CopyButton text={text} label="Copy the diagnostics" />}>
      <dl className={classes.lines}>
        {lines.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
