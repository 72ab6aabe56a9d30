import { Flex } from '@hubspot/ui-extensions';
import { PageLink, usePageRoute } from '@hubspot/ui-extensions/pages';
import { Loadable, useApi, useText, type Broadcast } from '@lumo/screens';
import { Composer } from '../components/broadcasts/Composer.tsx';
import { Sent } from '../components/broadcasts/Sent.tsx';

const WHILE_SENDING_MS = 3_000;
const WHILE_SCHEDULED_MS = 30_000;

const again = (broadcast: Broadcast | null) => {
  if (broadcast?.status === 'sending') return WHILE_SENDING_MS;
  return broadcast?.status === 'scheduled' ? WHILE_SCHEDULED_MS : null;
};

/** One broadcast: its composer while it is a draft, then how it went. */
export const BroadcastsDetail = () => {
  const t = useText('broadcasts');
  const { params } = usePageRoute();
  const path = { slot: Number(params.slot), broadcast: params.broadcast ?? '' };
  const loaded = useApi('GET /broadcasts/{slot}/{broadcast}', { path }, { every: again });
  return (
    <Flex direction="column" gap="medium">
      <PageLink to="/broadcasts">{t('back')}</PageLink>
      <Loadable from={loaded} label={t('detail.loading')}>
        {(data) =>
          data.status === 'draft' ? (
            <Composer key={data.id} broadcast={data} onChanged={loaded.reload} />
          ) : (
            <Sent broadcast={data} onChanged={loaded.reload} />
          )
        }
      </Loadable>
    </Flex>
  );
};
