import { copyText } from '@/ui/copyText';
import { notifyDone } from '@/ui/notify';

/** Copy the address of this page with a stored selection, which is picked again where somebody opens it. */
export async function copyLinkTo(selection: string): Promise<void> {
  const address = new URL(window.location.href);
  // As the router writes texts of a search: JSON, with quotes where it could be read as something else.
  address.searchParams.set('sel', selection);
  const isCopied = await copyText(address.href);
  notifyDone(isCopied ? 'Link copied: it picks the same again' : `The link: ${address.href}`);
}
