import { Anchor, type AnchorProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { forwardRef, type AnchorHTMLAttributes } from 'react';

type Anchored = AnchorProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps>;

/** A link in text, with the address checked as that of a `Link` is. */
export const TextLink = createLink(
  forwardRef<HTMLAnchorElement, Anchored>(function TextLink(props, ref) {
    return <Anchor ref={ref} {...props} />;
  }),
);
