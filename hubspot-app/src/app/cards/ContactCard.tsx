import { hubspot } from '@hubspot/ui-extensions';
import { CardScreen } from './components/CardScreen.tsx';

hubspot.extend<'crm.record.tab'>(() => <CardScreen />);
