import { UnstyledButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import classes from './Brand.module.css';

export function Brand() {
  return (
    <UnstyledButton component={Link} to="/" className={classes.brand} aria-label="Swath: all datasets">
      <img src="/swath.svg" alt="" width={24} height={24} />
      <span>Swath</span>
    </UnstyledButton>
  );
}
