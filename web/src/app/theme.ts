import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const pine: MantineColorsTuple = [
  '#eefaf7', '#d9f2ec', '#b0e5d9', '#83d7c4', '#5dcbb3', '#43c2a7', '#2ba58c', '#14806c', '#0f6f5e', '#0a5b4d',
]; // prettier-ignore

/** Greys of the dark scheme, slightly cool. */
const dark: MantineColorsTuple = [
  '#d5d9de', '#b3b9c1', '#9098a3', '#6b7380', '#434a55', '#323843', '#262b34', '#1b1f26', '#15181e', '#101318',
]; // prettier-ignore

export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: 7,
  autoContrast: true,
  colors: { pine, dark },
  defaultRadius: 'md',
  radius: { xs: '2px', sm: '4px', md: '6px', lg: '10px', xl: '16px' },
  fontFamily:
    '"Inter Variable", Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '650' },
  cursorType: 'pointer',
  components: {
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45, blur: 2 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
  },
});

/** Names for what surfaces are, so that parts need not know which scheme is on. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--swath-page': '#ffffff',
    '--swath-raised': '#ffffff',
    '--swath-sunken': '#f3f5f7',
    '--swath-rail': '#f8f9fb',
    '--swath-hover': '#edf1f4',
    '--swath-line': '#e2e6ea',
    '--swath-faint': '#c8ced6',
    '--swath-bar': '#14806c',
    '--swath-picked': '#0f6f5e',
    '--swath-picked-ground': '#d9f2ec',
    '--mantine-color-dimmed': '#5b6470',
    '--mantine-color-placeholder': '#6b7480',
  },
  dark: {
    '--swath-page': '#15181e',
    '--swath-raised': '#1b1f26',
    '--swath-sunken': '#101318',
    '--swath-rail': '#12151a',
    '--swath-hover': '#232831',
    '--swath-line': '#2b313b',
    '--swath-faint': '#434a55',
    '--swath-bar': '#2ba58c',
    '--swath-picked': '#5dcbb3',
    '--swath-picked-ground': '#17352f',
    '--mantine-color-body': '#15181e',
    '--mantine-color-dimmed': '#98a1ad',
    '--mantine-color-placeholder': '#87909c',
  },
});
