import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

/** Folders of `src` that code in another one may import: what is above knows what is below, never the reverse. */
const layers = [
  {
    files: ['src/model/**'],
    never: [
      '@/api/queries/*',
      '@/ui/*',
      '@/grid/*',
      '@/scatter/*',
      '@/pages/*',
      '@/app/*',
      'react',
      '@mantine/*',
    ],
  },
  {
    files: ['src/api/**'],
    never: ['@/ui/*', '@/grid/*', '@/scatter/*', '@/pages/*', '@/app/*', '@mantine/*'],
  },
  {
    files: [
      'src/ui/**',
      'src/grid/**',
      'src/scatter/**',
      'src/filters/**',
      'src/inspector/**',
      'src/running/**',
      'src/acting/**',
    ],
    never: ['@/pages/*', '@/app/*'],
  },
];

export default ts.config(
  { ignores: ['dist', 'src/api/schema.d.ts'] },
  ...ts.configs.recommended,
  {
    plugins: { 'react-hooks': hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      '@typescript-eslint/consistent-type-imports': 'error',
      // Absent where a page comes by plain http from another machine, as it does in most laboratories.
      'no-restricted-properties': [
        'error',
        {
          object: 'navigator',
          property: 'clipboard',
          message: 'Absent on plain http: use copyText of @/ui/copyText.',
        },
        {
          object: 'crypto',
          property: 'randomUUID',
          message: 'Absent on plain http: ids come from the server.',
        },
        { object: 'crypto', property: 'subtle', message: 'Absent on plain http.' },
      ],
    },
  },
  { files: ['src/ui/copyText.ts'], rules: { 'no-restricted-properties': 'off' } },
  ...layers.map(({ files, never }) => ({
    files,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: never, message: 'Layers: see web/README.md.' }] },
      ],
    },
  })),
  {
    files: ['src/pages/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@/pages/*', '../../*'], message: 'Pages do not import each other.' }] },
      ],
    },
  },
);
