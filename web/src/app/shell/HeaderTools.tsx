import { ActionIcon, Group, Kbd, Tooltip, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { CircleHelp, Search } from 'lucide-react';
import { ColorSchemeMenu } from './ColorSchemeMenu';
import { helpSheet } from './helpSheetState';
import { RunIndicator } from './RunIndicator';
import { WorkerDot } from './WorkerDot';
import classes from './HeaderTools.module.css';

export function HeaderTools() {
  return (
    <Group gap={6} wrap="nowrap">
      <UnstyledButton className={classes.search} onClick={spotlight.open}>
        <Search size={14} aria-hidden />
        <span className={classes.wide}>Find</span>
        <VisuallyHidden> a page or an action </VisuallyHidden>
        <Kbd size="xs" className={classes.wide}>
          Ctrl K
        </Kbd>
      </UnstyledButton>
      <RunIndicator />
      <WorkerDot />
      <ColorSchemeMenu />
      <Tooltip label="Keys (?)">
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Keys" onClick={helpSheet.open}>
          <CircleHelp size={17} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
