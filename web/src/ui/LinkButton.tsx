import { Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { forwardRef, type AnchorHTMLAttributes } from 'react';

type Anchored = ButtonProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps>;

/** A button that leads to another page, with the address checked as that of a `Link` is. */
export const LinkButton = createLink(
  forwardRef<HTMLAnchorElement, Anchored>(function LinkButton(props, ref) {
    return <Button component="a" ref={ref} {...props} />;
  }),
);
