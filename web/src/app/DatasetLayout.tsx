import { Center, Container, Loader } from '@mantine/core';
import { Outlet, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { SelectionBar } from '@/acting/SelectionBar';
import { useFamily } from '@/api/queries/datasets';
import { Inspector } from '@/inspector/Inspector';
import { useSelection } from '@/model/selection';
import { ProblemAlert } from '@/ui/ProblemAlert';
import classes from './DatasetLayout.module.css';

/** What all pages of a dataset have around them: the bar of what is picked, and the inspector beside the page. */
export function DatasetLayout() {
  const { dataset: id } = useParams({ from: '/d/$dataset' });
  const { family, error } = useFamily(id);
  const open = useSelection((state) => state.open);
  useEffect(() => open(id), [id, open]);
  if (error) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={error} />
      </Container>
    );
  }
  if (family === undefined) {
    return (
      <Center h="60vh">
        <Loader size="sm" aria-label="Loading the dataset" />
      </Center>
    );
  }
  return (
    <div className={classes.layout}>
      <div className={classes.page}>
        <div className={classes.content}>
          <Outlet />
        </div>
        <SelectionBar dataset={family.dataset} />
      </div>
      <Inspector dataset={family.dataset} />
    </div>
  );
}
