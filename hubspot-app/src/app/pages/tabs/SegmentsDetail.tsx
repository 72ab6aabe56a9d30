import { Flex } from '@hubspot/ui-extensions';
import { PageLink, usePageRoute } from '@hubspot/ui-extensions/pages';
import { Loadable, useApi, useText, type Slot } from '@lumo/screens';
import { SegmentEditor } from '../components/segments/SegmentEditor.tsx';
import { NEW } from '../components/segments/tree.ts';

/** One segment with its conditions, or a new one. */
export const SegmentsDetail = () => {
  const t = useText('segments');
  const { params } = usePageRoute();
  const slot = Number(params.slot);
  const segment = params.segment ?? NEW;
  return (
    <Flex direction="column" gap="medium">
      <PageLink to="/segments">{t('back')}</PageLink>
      {segment === NEW ? (
        <SegmentEditor key={NEW} slot={slot} segment={null} />
      ) : (
        <Existing key={segment} slot={slot} segment={segment} />
      )}
    </Flex>
  );
};

const Existing = ({ slot, segment }: { slot: Slot; segment: string }) => {
  const t = useText('segments');
  const loaded = useApi('GET /segments/{slot}/{segment}', { path: { slot, segment } });
  return (
    <Loadable from={loaded} label={t('edit.loading')}>
      {(data) => <SegmentEditor key={data.version} slot={slot} segment={data} onSaved={loaded.reload} />}
    </Loadable>
  );
};
