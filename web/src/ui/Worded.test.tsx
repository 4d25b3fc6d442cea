import { MantineProvider } from '@mantine/core';
import { cleanup, render } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { Worded } from './Worded';

afterEach(cleanup);

function shown(text: string) {
  const { container } = render(<Worded text={text} />, { wrapper: MantineProvider });
  const names = [...container.querySelectorAll('code')].map((code) => code.textContent);
  return {
    text: [...container.childNodes]
      .filter((node) => node.nodeName !== 'STYLE')
      .map((node) => node.textContent)
      .join(''),
    names,
  };
}

describe('a sentence of the server', () => {
  it('sets names apart and shows no backticks', () => {
    expect(shown('there is no folder `/photos`')).toEqual({
      text: 'there is no folder /photos',
      names: ['/photos'],
    });
    expect(shown('`a` or `b`?').names).toEqual(['a', 'b']);
  });

  it('without names is as it is', () => {
    expect(shown('nothing was added')).toEqual({ text: 'nothing was added', names: [] });
  });

  it('keeps a backtick that stands alone', () => {
    expect(shown('a ` b')).toEqual({ text: 'a ` b', names: [] });
    expect(shown('`a` and ` b')).toEqual({ text: 'a and ` b', names: ['a'] });
  });

  it('takes no HTML for HTML', () => {
    expect(shown('no `<b>x</b>`').names).toEqual(['<b>x</b>']);
  });
});
