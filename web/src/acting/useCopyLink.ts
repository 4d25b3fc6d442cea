import { useRouter } from '@tanstack/react-router';
import { copyText } from '@/ui/copyText';
import { notifyDone } from '@/ui/notify';

/** Copies the address of this page with a stored selection, which is picked again where somebody opens it. */
export function useCopyLink(): (selection: string) => Promise<void> {
  const router = useRouter();
  return async (selection) => {
    const { href } = router.buildLocation({
      to: '.',
      search: (search) => ({ ...search, sel: selection }),
    });
    const address = window.location.origin + href;
    const isCopied = await copyText(address);
    notifyDone(isCopied ? 'Link copied: it picks the same again' : `The link: ${address}`);
  };
}
