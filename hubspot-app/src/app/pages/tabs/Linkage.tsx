import { Flex } from '@hubspot/ui-extensions';
import { Loadable, useApi, useText, type Linking, type Slot } from '@lumo/screens';
import { AccountChoice } from '../components/AccountChoice.tsx';
import { ChatWay } from '../components/linkage/ChatWay.tsx';
import { Conflicts } from '../components/linkage/Conflicts.tsx';
import { Coverage } from '../components/linkage/Coverage.tsx';
import { FormFields } from '../components/linkage/FormFields.tsx';
import { LinkingMail } from '../components/linkage/LinkingMail.tsx';
import { LoginChannel } from '../components/linkage/LoginChannel.tsx';
import { LooserProofs } from '../components/linkage/LooserProofs.tsx';
import { RefusedIds } from '../components/linkage/RefusedIds.tsx';

const WHILE_WRITING_MS = 3_000;
const moving = (linking: Linking | null) => linking?.writing?.done === false;

/** How friends of one LINE account and contacts become one (P-20 to P-34). */
export const Linkage = () => {
  const t = useText('linkage');
  return <AccountChoice loading={t('loading')}>{(slot) => <OfAccount key={slot} slot={slot} />}</AccountChoice>;
};

const OfAccount = ({ slot }: { slot: Slot }) => {
  const t = useText('linkage');
  const linking = useApi(
    'GET /accounts/{slot}/linking',
    { path: { slot } },
    { every: (data) => (moving(data) ? WHILE_WRITING_MS : null) },
  );
  return (
    <Loadable from={linking} label={t('loading')}>
      {(data) => (
        <Flex direction="column" gap="large">
          <Coverage coverage={data.coverage} />
          <Conflicts slot={slot} />
          <LoginChannel linking={data} onChanged={linking.reload} />
          <ChatWay linking={data} onChanged={linking.reload} />
          <LinkingMail linking={data} onChanged={linking.reload} />
          <FormFields />
          <LooserProofs linking={data} onChanged={linking.reload} />
          <RefusedIds slot={slot} />
        </Flex>
      )}
    </Loadable>
  );
};
