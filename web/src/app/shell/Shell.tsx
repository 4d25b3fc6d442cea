import { AppShell, Burger, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet, useParams, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useEvents } from '@/api/events';
import { useFamily } from '@/api/queries/datasets';
import { useGoKeys } from '../hotkeys';
import { Brand } from './Brand';
import { ConnectionBanner } from './ConnectionBanner';
import { DatasetSwitcher } from './DatasetSwitcher';
import { HeaderTools } from './HeaderTools';
import { HelpSheet } from './HelpSheet';
import { Navigation } from './Navigation';
import { Palette } from './Palette';
import { useTitle } from './useTitle';

/** The frame around every page. */
export function Shell() {
  useEvents();
  const [isOpen, { toggle, close }] = useDisclosure();
  const { dataset } = useParams({ strict: false });
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(close, [path, close]);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      transitionDuration={0}
    >
      <AppShell.Header
        withBorder
        style={{ background: 'var(--swath-page)', borderColor: 'var(--swath-line)' }}
      >
        <Group h="100%" px="md" gap="sm" wrap="nowrap" justify="space-between">
          <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Brand />
            <DatasetSwitcher current={dataset} />
          </Group>
          <HeaderTools />
        </Group>
      </AppShell.Header>
      {dataset === undefined ? <FrameOutside /> : <FrameOfDataset id={dataset} />}
      <AppShell.Main>
        <ConnectionBanner />
        <Outlet />
      </AppShell.Main>
      <HelpSheet />
    </AppShell>
  );
}

function FrameOutside() {
  useGoKeys(undefined);
  useTitle(undefined);
  return (
    <>
      <Navigation family={undefined} />
      <Palette family={undefined} />
    </>
  );
}

function FrameOfDataset({ id }: { id: string }) {
  const { family } = useFamily(id);
  useGoKeys(family);
  useTitle(family?.dataset.name);
  return (
    <>
      <Navigation family={family} />
      <Palette family={family} />
    </>
  );
}
