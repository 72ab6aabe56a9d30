import { useText } from '@lumo/screens';
import { AccountChoice } from '../components/AccountChoice.tsx';
import { FriendList } from '../components/friends/FriendList.tsx';

/** The friends of one LINE account at a time (P-140, P-141). */
export const Friends = () => {
  const t = useText('friends');
  return <AccountChoice loading={t('loading')}>{(slot) => <FriendList key={slot} slot={slot} />}</AccountChoice>;
};
