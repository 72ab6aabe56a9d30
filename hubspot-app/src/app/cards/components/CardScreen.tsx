import { EmptyState, Text, useExtensionContext } from '@hubspot/ui-extensions';
import { useText } from '@lumo/screens';
import { ContactScreen } from './ContactScreen.tsx';

const COMPANY = '0-2';

/** The card on the record it is shown on; a company has nothing of LINE yet, and says so. */
export const CardScreen = () => {
  const { crm } = useExtensionContext<'crm.record.tab'>();
  if (crm.objectTypeId === COMPANY) return <CompanyScreen />;
  return <ContactScreen key={crm.objectId} contact={String(crm.objectId)} />;
};

const CompanyScreen = () => {
  const t = useText('card');
  return (
    <EmptyState title={t('company.title')} layout="vertical" reverseOrder imageName="companies" imageWidth={100}>
      <Text>{t('company.text')}</Text>
    </EmptyState>
  );
};
