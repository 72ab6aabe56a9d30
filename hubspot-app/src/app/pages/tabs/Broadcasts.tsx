import { useText } from '@lumo/screens';
import { AccountChoice } from '../components/AccountChoice.tsx';
import { BroadcastList } from '../components/broadcasts/BroadcastList.tsx';

/** The message broadcasts of one LINE account at a time (P-124, P-125). */
export const Broadcasts = () => {
  const t = useText('broadcasts');
  return <AccountChoice loading={t('loading')}>{(slot) => <BroadcastList key={slot} slot={slot} />}</AccountChoice>;
};
