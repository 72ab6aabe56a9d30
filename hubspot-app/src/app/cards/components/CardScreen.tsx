import { useExtensionContext } from '@hubspot/ui-extensions';
import { CompanyScreen } from './CompanyScreen.tsx';
import { ContactScreen } from './ContactScreen.tsx';

const COMPANY = '0-2';

/** The card on the record it is shown on: the friends of a contact, the group chats of a company. */
export const CardScreen = () => {
  const { crm } = useExtensionContext<'crm.record.tab'>();
  if (crm.objectTypeId === COMPANY) return <CompanyScreen key={crm.objectId} company={String(crm.objectId)} />;
  return <ContactScreen key={crm.objectId} contact={String(crm.objectId)} />;
};
