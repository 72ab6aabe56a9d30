import { useText } from '@lumo/screens';

/** As in shared/tag. */
const MOST = 100;
const CONTROL = /\p{Cc}/u;

/** What is wrong with a tag's name, before the server is asked; null when nothing is. */
export function useNameProblem(): (name: string) => string | null {
  const t = useText('tags');
  return (name) => {
    const trimmed = name.trim();
    const length = [...trimmed].length;
    if (length === 0) return t('name.empty');
    if (length > MOST) return t('name.long', { n: length });
    return CONTROL.test(trimmed) ? t('name.control') : null;
  };
}
