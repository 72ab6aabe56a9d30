import { Flex } from '@hubspot/ui-extensions';
import { PageLink, usePageRoute } from '@hubspot/ui-extensions/pages';
import { useFormat, useText } from '@lumo/screens';
import { ChangeLog } from '../components/runs/ChangeLog.tsx';
import { useStatus } from '../hooks/useStatus.ts';

/** The change log of everything; `?contact=` narrows it to one contact. */
export const Changes = () => {
  const words = useText('common');
  const { params } = usePageRoute();
  const status = useStatus();
  const format = useFormat(status.data?.timeZone);
  return (
    <Flex direction="column" gap="medium">
      <PageLink to="/">{words('back')}</PageLink>
      <ChangeLog contact={params.contact} format={format} />
    </Flex>
  );
};
