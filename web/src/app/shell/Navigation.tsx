import { AppShell, Divider, ScrollArea } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import {
  Boxes,
  Bookmark,
  ChartScatter,
  Cpu,
  Download,
  Images,
  LayoutDashboard,
  Layers,
  Play,
  Settings,
  Shapes,
  Tags,
  type LucideIcon,
} from 'lucide-react';
import type { DatasetFamily } from '@/api/queries/datasets';
import classes from './Navigation.module.css';

interface Place {
  to: string;
  label: string;
  icon: LucideIcon;
  isExact?: boolean;
}

/** Where one can go: the pages of the dataset, and those of the whole server. */
export function Navigation({ family }: { family: DatasetFamily | undefined }) {
  return (
    <AppShell.Navbar className={classes.rail}>
      <AppShell.Section grow component={ScrollArea} type="auto" p="xs">
        <nav aria-label="Pages">
          {family !== undefined && (
            <>
              {placesOf(family).map((place) => (
                <NavigationLink key={place.to} {...place} />
              ))}
              <Divider my="xs" color="var(--swath-line)" />
            </>
          )}
          <NavigationLink to="/" label="Datasets" icon={Layers} isExact />
          <NavigationLink to="/runs" label="Runs" icon={Play} />
          <NavigationLink to="/workers" label="Workers" icon={Cpu} />
          <NavigationLink to="/settings" label="Settings" icon={Settings} />
        </nav>
      </AppShell.Section>
    </AppShell.Navbar>
  );
}

function NavigationLink({ to, label, icon: Icon, isExact }: Place) {
  return (
    <Link to={to} className={classes.link} activeOptions={{ exact: isExact ?? false, includeSearch: false }}>
      <Icon size={16} strokeWidth={1.8} aria-hidden />
      {label}
    </Link>
  );
}

function placesOf({ dataset, images, currentCrops }: DatasetFamily): Place[] {
  const here = `/d/${dataset.id}`;
  return [
    { to: here, label: 'Overview', icon: LayoutDashboard, isExact: true },
    ...(currentCrops === null
      ? []
      : [{ to: `/d/${currentCrops.id}/objects`, label: 'Objects', icon: Boxes }]),
    { to: `/d/${images.id}/images`, label: 'Images', icon: Images },
    { to: `${here}/embedding`, label: 'Embedding', icon: ChartScatter },
    { to: `${here}/tags`, label: 'Tags', icon: Tags },
    { to: `${here}/views`, label: 'Views', icon: Bookmark },
    { to: `${here}/select`, label: 'Select again', icon: Shapes },
    { to: `${here}/exports`, label: 'Exports', icon: Download },
  ];
}
