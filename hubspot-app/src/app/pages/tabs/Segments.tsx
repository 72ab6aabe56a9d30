import { useText } from '@lumo/screens';
import { AccountChoice } from '../components/AccountChoice.tsx';
import { SegmentList } from '../components/segments/SegmentList.tsx';

/** The segments of one LINE account at a time (P-120). */
export const Segments = () => {
  const t = useText('segments');
  return <AccountChoice loading={t('loading')}>{(slot) => <SegmentList key={slot} slot={slot} />}</AccountChoice>;
};
